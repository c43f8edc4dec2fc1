//! Tells the user what to do if the page's npm packages are not installed yet.

use std::path::Path;

const CLIENT: &str = "page/node_modules/@microsoft/signalr/dist/browser/signalr.min.js";

fn main() {
    println!("cargo::rerun-if-changed={CLIENT}");
    println!("cargo::rerun-if-changed=page");
    if !Path::new(CLIENT).exists() {
        println!("cargo::error=the page's npm packages are not installed: run `cargo xtask build`");
    }
}
