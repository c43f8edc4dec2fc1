use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    async fn join_room(&self, _room: &str) {}

    async fn upload(&self, _name: String, _parts: Option<&[u8]>) {}

    async fn rename<'a>(&self, _name: std::borrow::Cow<'a, str>) {}

    async fn keep(&self, _name: &'static str) {}
}

fn main() {}
