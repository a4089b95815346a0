//! Machines that misbehave, at each stage of their way: it ends in bounded time, the cause is named
//! and kept, no process is left behind, and a healed machine ends proven.

#[path = "behaviour/cells.rs"]
mod cells;
#[path = "behaviour/check.rs"]
mod check;
#[path = "behaviour/machine.rs"]
mod machine;
#[path = "behaviour/place.rs"]
mod place;
#[path = "behaviour/process.rs"]
mod process;
#[path = "behaviour/product.rs"]
mod product;
#[path = "behaviour/troubles.rs"]
mod troubles;

use crate::campaign::Campaign;
use cells::Cell;

#[test]
#[ignore = "a campaign: cargo xtask campaign"]
fn machines_that_misbehave() {
    let campaign = Campaign::open("behaviour");
    let cells = cells::all(campaign.long);
    let row = |cell: &Cell| vec![cell.product.name(), cell.stage.clone(), cell.fault.clone()];
    campaign.run(&["product", "stage", "fault"], &cells, row, check::cell);
}
