//! bss
fn main() {}
