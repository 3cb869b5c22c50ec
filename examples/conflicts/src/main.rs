//! Three ways to deal with conflicts. Each module is one, shows it when it runs, and is tested.
//!
//! ```sh
//! cargo run -p kitestring-example-conflicts
//! ```

mod changes;
mod keep_both;
mod text;
mod two;

use futures::executor::block_on;
use kitestring::Result;

fn main() -> Result<()> {
    block_on(async {
        println!("Keep both: the drive's version becomes a note of its own.\n{}\n", keep_both::show().await?);
        println!("Three-way merge of text: lines that only one side changed are taken from it.\n{}\n", text::show().await?);
        println!("Automerge: each change is a document that never changes, so there is no conflict.\n{}", changes::show().await?);
        Ok(())
    })
}
