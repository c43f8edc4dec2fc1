use hubwire::hub;

mod mine {
    pub struct StreamReader<T>(pub T);
}

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn upload(&self, _lines: mine::StreamReader<String>) {}
}

fn main() {}
