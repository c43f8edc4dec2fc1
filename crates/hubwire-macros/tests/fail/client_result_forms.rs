use hubwire::hub_client;

#[hub_client]
pub trait ChatClient {
    fn unit(&self) -> ();

    fn borrowed(&self) -> &str;

    fn borrowed_list(&self) -> Vec<&[u8]>;

    fn with_lifetime<'a>(&'a self) -> std::borrow::Cow<'a, str>;

    fn opaque(&self) -> impl Iterator<Item = u32>;

    #[hub(stream)]
    fn streaming(&self) -> u32;
}

fn main() {}
