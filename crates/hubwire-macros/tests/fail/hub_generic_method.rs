use hubwire::hub;

struct ChatHub;

#[hub]
impl ChatHub {
    pub fn send<T: Send>(&self, value: T) {
        drop(value);
    }

    pub fn sum<const N: usize>(&self, values: [i32; N]) -> i32 {
        values.iter().sum()
    }

    pub fn name(&self, name: impl Into<String>) -> String {
        name.into()
    }
}

fn main() {}
