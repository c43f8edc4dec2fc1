use hubwire::hub;

struct SaveFailed;

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn save(&self) -> Result<u32, SaveFailed> {
        Err(SaveFailed)
    }
}

fn main() {}
