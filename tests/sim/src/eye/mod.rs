//! What the simulator reads on the drive without the core: an independent eye, one for each layout.

pub mod classic;
