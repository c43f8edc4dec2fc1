use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    pub async fn join_room(&self, _room: &str) {}

    pub async fn upload(&self, _name: String, _parts: Option<&[u8]>) {}

    pub async fn rename<'a>(&self, _name: std::borrow::Cow<'a, str>) {}

    pub async fn keep(&self, _name: &'static str) {}

    pub fn is_clean(&self, text: &String) -> bool {
        text.is_empty()
    }

    pub fn sort(&self, names: &mut Vec<String>) {
        names.sort();
    }
}

fn main() {}
