use hubwire::hub_client;

#[hub_client]
pub unsafe trait ChatClient {
    unsafe fn trusted(&self);

    extern "C" fn foreign(&self);
}

fn main() {}
