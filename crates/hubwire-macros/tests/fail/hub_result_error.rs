use hubwire::{HubResult, hub};

struct SaveFailed;

type Saved<T> = Result<T, SaveFailed>;

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn save(&self) -> Result<u32, SaveFailed> {
        Err(SaveFailed)
    }

    pub fn save_again(&self) -> Saved<u32> {
        Err(SaveFailed)
    }

    pub async fn save_inside(&self) -> HubResult {
        Self::helper()?;
        Ok(())
    }

    async fn on_connected(&self) -> Saved<()> {
        Err(SaveFailed)
    }

    fn helper() -> Saved<()> {
        Err(SaveFailed)
    }
}

fn main() {}
