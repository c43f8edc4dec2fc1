use hubwire::hub;

struct ChatHub<'a>(&'a str);

#[hub]
impl<'a> ChatHub<'a> {
    pub fn length(&self) -> usize {
        self.0.len()
    }
}

fn main() {}
