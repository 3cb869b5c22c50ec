//! The chart: what a first push and a first pull of a thousand notes take over a network, once for light pages and once for dark.

use crate::{
    results::{Cell, Results},
    side::{Peer, Place, Side},
    step::{Cost, Step},
};
use bench::Result;
use plotters::{
    coord::Shift,
    prelude::{DrawingArea, IntoDrawingArea as _, IntoFont as _, RGBColor, Rectangle, SVGBackend, Text},
    style::{Color as _, TextStyle},
};

const NOTES: u64 = 1_000;
const WAIT_MS: u64 = 50;
const SIZE: (u32, u32) = (960, 330);
/// Where a panel's bars begin, right of the rows' names, and how wide they are at most.
const BARS: [(i32, i32); 2] = [(265, 260), (610, 240)];
const TOP: i32 = 78;
const ROW: i32 = 34;
const BAR: i32 = 18;

/// Who is shown, from the top: whoever syncs over a network, each where it does so.
const SHOWN: [Side; 7] = [
    Side { peer: Peer::Rust, place: Place::Http },
    Side { peer: Peer::Node, place: Place::Http },
    Side { peer: Peer::PouchDb(1000), place: Place::Http },
    Side { peer: Peer::PouchDb(100), place: Place::Http },
    Side { peer: Peer::Bothy, place: Place::Folder },
    Side { peer: Peer::DbToCloud, place: Place::Http },
    Side { peer: Peer::Rclone, place: Place::Http },
];

/// The page that a chart is for.
#[derive(Debug, Clone, Copy)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// Returns the name of the file.
    pub fn file(self) -> &'static str {
        match self {
            Self::Light => "results-light.svg",
            Self::Dark => "results-dark.svg",
        }
    }

    fn text(self) -> RGBColor {
        match self {
            Self::Light => RGBColor(31, 35, 40),
            Self::Dark => RGBColor(230, 237, 243),
        }
    }

    fn bar(self, is_ours: bool) -> RGBColor {
        match (self, is_ours) {
            (Self::Light, true) => RGBColor(9, 105, 218),
            (Self::Light, false) => RGBColor(140, 149, 159),
            (Self::Dark, true) => RGBColor(88, 166, 255),
            (Self::Dark, false) => RGBColor(110, 118, 129),
        }
    }
}

/// One of the two measures.
struct Panel {
    title: &'static str,
    of: fn(&Cost) -> f64,
    write: fn(f64) -> String,
}

const PANELS: [Panel; 2] = [
    Panel { title: "requests", of: |cost| cost.requests as f64, write: |n| format!("{n}") },
    Panel { title: "seconds, at 50 ms a request", of: |cost| cost.wall_ms / 1000.0, write: |n| format!("{n:.2} s") },
];

/// Draws it as SVG.
///
/// # Errors
/// If it cannot be drawn.
pub fn draw(results: &Results, theme: Theme) -> Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let style = |size: i32| ("sans-serif", size).into_font().color(&theme.text());
        area.draw(&Text::new("First push and first pull of 1,000 notes", (16, 14), style(20)))?;
        let rows: Vec<&Cell> = SHOWN.iter().filter_map(|side| results.cell(*side, NOTES, WAIT_MS)).collect();
        for (panel, (left, width)) in PANELS.iter().zip(BARS) {
            area.draw(&Text::new(panel.title, (left, 48), style(15)))?;
            bars(&area, panel, &rows, (left, width), theme)?;
        }
        for (cell, y) in rows.iter().zip(lines()) {
            area.draw(&Text::new(cell.name(), (16, y + 1), style(14)))?;
        }
        area.draw(&Text::new("The bars are logarithmic.", (16, SIZE.1 as i32 - 20), style(12)))?;
        area.present()?;
    }
    Ok(svg)
}

fn lines() -> impl Iterator<Item = i32> {
    (0..).map(|row| TOP + row * ROW)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn bars(area: &Area<'_>, panel: &Panel, rows: &[&Cell], (left, width): (i32, i32), theme: Theme) -> Result<()> {
    let sums: Vec<Option<f64>> = rows.iter().map(|cell| sum(cell, panel.of)).collect();
    let known = || sums.iter().flatten().copied();
    // The shortest bar is still to be seen.
    let (low, high) = (known().fold(f64::INFINITY, f64::min) / 2.0, known().fold(0.0, f64::max));
    for ((cell, sum), y) in rows.iter().zip(&sums).zip(lines()) {
        let style: TextStyle<'_> = ("sans-serif", 13).into_font().color(&theme.text());
        let Some(sum) = sum else {
            area.draw(&Text::new("not run to the end", (left, y + 2), style))?;
            continue;
        };
        let long = f64::from(width) * (sum / low).ln() / (high / low).ln();
        let end = left + long as i32;
        area.draw(&Rectangle::new([(left, y), (end, y + BAR)], theme.bar(cell.is_ours()).filled()))?;
        area.draw(&Text::new((panel.write)(*sum), (end + 6, y + 2), style))?;
    }
    Ok(())
}

/// The first push and the first pull together.
fn sum(cell: &Cell, of: fn(&Cost) -> f64) -> Option<f64> {
    Some(of(cell.run.steps.get(&Step::W1)?) + of(cell.run.steps.get(&Step::W2)?))
}
