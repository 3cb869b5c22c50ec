//! The text form of a case: what a failing run prints and a replay reads.

use super::{Case, Op, OpAction, Start, Strike};
use crate::{faults::Fault, recovery::Settle};
use std::{fmt, str::FromStr};

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = if self.action == OpAction::Edit { 'e' } else { 'd' };
        write!(f, "{letter}{}{}", self.seat + 1, self.document)
    }
}

impl FromStr for Op {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut chars = text.chars();
        let (Some(letter), Some(client), Some(document), None) = (chars.next(), chars.next(), chars.next(), chars.next()) else {
            return Err(format!("{text:?} is no operation"));
        };
        let action = match letter {
            'e' => OpAction::Edit,
            'd' => OpAction::Delete,
            _ => return Err(format!("{text:?} is no operation")),
        };
        let seat = client.to_digit(10).and_then(|n| n.checked_sub(1)).ok_or_else(|| format!("{text:?} names no client"))?;
        Ok(Self { seat: seat as usize, document, action })
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = if self.start == Start::Empty { "empty" } else { "synced" };
        let early = self.ops.iter().map(Op::to_string);
        let ops: Vec<_> = early.chain(self.later.iter().map(|op| format!("+{op}"))).collect();
        let settle = if self.settle == Settle::Local { "local" } else { "remote" };
        write!(f, "{}/{start}/{}/{settle}/", self.tier, ops.join(","))?;
        match self.strike {
            None => f.write_str("-"),
            Some(s) => write!(f, "{}/{}{}", s.step, s.fault, if s.late { "-late" } else { "" }),
        }
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or_else(|| format!("{text:?} has too few parts"));
        let tier = next()?.parse()?;
        let start = match next()? {
            "empty" => Start::Empty,
            "synced" => Start::Synced,
            other => return Err(format!("{other:?} is no start")),
        };
        let (mut ops, mut later) = (Vec::new(), Vec::new());
        for op in next()?.split(',').filter(|op| !op.is_empty()) {
            match op.strip_prefix('+') {
                Some(op) => later.push(op.parse()?),
                None => ops.push(op.parse()?),
            }
        }
        let settle = match next()? {
            "local" => Settle::Local,
            "remote" => Settle::Remote,
            other => return Err(format!("{other:?} is no way to settle")),
        };
        let strike = match next()? {
            "-" => None,
            step => Some(parse_strike(step, next()?)?),
        };
        Ok(Self { tier, start, ops, later, settle, strike })
    }
}

fn parse_strike(step: &str, fault: &str) -> Result<Strike, String> {
    let (name, late) = fault.strip_suffix("-late").map_or((fault, false), |name| (name, true));
    let fault = Fault::ALL.into_iter().find(|f| f.name() == name).ok_or_else(|| format!("{name:?} is no fault"))?;
    Ok(Strike { step: step.parse().map_err(|_| format!("{step:?} is no step"))?, fault, late })
}
