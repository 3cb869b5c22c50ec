//! Weaves every mutant of a file into its source, each switched on by its number at run time.
//!
//! The operators' operands, the arms' patterns and the bases of structures are found in the syntax tree; what is
//! inserted is text, so that nothing else of the file changes.

use crate::list::{Genre, Mutant, Place};
use proc_macro2::LineColumn;
use std::{cmp::Reverse, collections::BTreeMap, ops::Range};
use syn::{spanned::Spanned, visit::Visit};

/// A file with its mutants woven in.
#[derive(Debug)]
pub(crate) struct Woven {
    pub(crate) text: String,
    pub(crate) pieces: Vec<Piece>,
}

/// Where in a woven file inserted text lies, and of which mutant it is.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) at: Range<usize>,
    pub(crate) number: usize,
}

/// Text to insert around a part of the source.
struct Wrap {
    number: usize,
    part: Range<usize>,
    before: String,
    after: String,
}

/// Weaves the mutants, given with their numbers, into a source. What has no place in the tree is left out.
pub(crate) fn weave(source: &str, mutants: &[(usize, &Mutant)]) -> syn::Result<Woven> {
    let mut finder = Finder { source, lines: line_starts(source), ..Finder::default() };
    finder.visit_file(&syn::parse_file(source)?);
    let wraps: Vec<Wrap> = mutants.iter().filter_map(|(number, mutant)| finder.wrap(*number, mutant)).collect();
    Ok(insert(source, wraps))
}

fn insert(source: &str, mut wraps: Vec<Wrap>) -> Woven {
    // What only opens comes before any expression; then the outermost opens first and closes last.
    wraps.sort_by_key(|w| (w.part.start, !w.part.is_empty(), Reverse(w.part.end)));
    let openings = wraps.iter().map(|w| (w.part.start, w.number, &w.before));
    let closings = wraps.iter().rev().map(|w| (w.part.end, w.number, &w.after));
    let mut points: Vec<_> = closings.chain(openings).collect();
    points.sort_by_key(|(place, ..)| *place);
    let (mut woven, mut at) = (Woven { text: String::new(), pieces: Vec::new() }, 0);
    for (place, number, text) in points {
        woven.text.push_str(source.get(at..place).unwrap_or_default());
        let begin = woven.text.len();
        woven.text.push_str(text);
        woven.pieces.push(Piece { at: begin..woven.text.len(), number });
        at = place;
    }
    woven.text.push_str(source.get(at..).unwrap_or_default());
    woven
}

fn line_starts(source: &str) -> Vec<usize> {
    std::iter::once(0).chain(source.match_indices('\n').map(|(n, _)| n + 1)).collect()
}

/// The parts of a tree that mutants name by a place in them.
#[derive(Default)]
struct Finder<'s> {
    source: &'s str,
    lines: Vec<usize>,
    /// By the place of the operator: both operands.
    binary: BTreeMap<usize, [Range<usize>; 2]>,
    /// By the place of the operator: the operand.
    unary: BTreeMap<usize, Range<usize>>,
    /// By the place of the arm.
    arms: BTreeMap<usize, Arm>,
    /// By the place of the field.
    fields: BTreeMap<usize, Field>,
}

/// An arm that can be missed.
struct Arm {
    pattern: Range<usize>,
    guard: Option<Range<usize>>,
}

/// A field of a structure that has a base.
struct Field {
    name: String,
    /// None if it has the name of the field.
    value: Option<Range<usize>>,
    base: Range<usize>,
}

impl Finder<'_> {
    fn wrap(&self, number: usize, mutant: &Mutant) -> Option<Wrap> {
        let on = format!("crate::mutant::on({number})");
        let (start, end) = (self.offset(mutant.span.start)?, self.offset(mutant.span.end)?);
        let wrap = |part: Range<usize>, before: String, after: &str| Wrap { number, part, before, after: after.into() };
        Some(match mutant.genre {
            Genre::FnValue => wrap(start..start, format!("if {on} {{ return {}; }} ", mutant.replacement), ""),
            Genre::MatchArmGuard if mutant.replacement == "true" => wrap(start..end, format!("{on} || ("), ")"),
            Genre::MatchArmGuard => wrap(start..end, format!("!{on} && ("), ")"),
            Genre::MatchArm => match self.arms.get(&start)? {
                Arm { guard: Some(guard), .. } => wrap(guard.clone(), format!("!{on} && ("), ")"),
                Arm { pattern, guard: None } => wrap(pattern.end..pattern.end, format!(" if !{on}"), ""),
            },
            // Negated once more, it is as if the operator were not there.
            Genre::UnaryOperator => wrap(self.unary.get(&start)?.clone(), format!("({on} != ("), "))"),
            Genre::BinaryOperator => {
                let [left, right] = self.binary.get(&start)?;
                let (l, r) = (self.source.get(left.clone())?, self.source.get(right.clone())?);
                wrap(left.start..right.end, format!("(if {on} {{ {l} {} {r} }} else {{ ", mutant.replacement), " })")
            }
            Genre::StructField => {
                let Field { name, value, base } = self.fields.get(&start)?;
                let base = self.source.get(base.clone())?;
                match value {
                    Some(value) => wrap(value.clone(), format!("if {on} {{ ({base}).{name} }} else {{ "), " }"),
                    None => wrap(end..end, format!(": if {on} {{ ({base}).{name} }} else {{ {name} }}"), ""),
                }
            }
        })
    }

    /// Byte of a place that counts characters from 1.
    fn offset(&self, place: Place) -> Option<usize> {
        self.byte(place.line, place.column.checked_sub(1)?)
    }

    fn byte(&self, line: usize, column: usize) -> Option<usize> {
        let begin = *self.lines.get(line.checked_sub(1)?)?;
        let rest = self.source.get(begin..)?;
        let within = rest.char_indices().nth(column).map_or(rest.len(), |(n, _)| n);
        Some(begin + within)
    }

    fn bytes(&self, part: &impl Spanned) -> Option<Range<usize>> {
        let at = |place: LineColumn| self.byte(place.line, place.column);
        let span = part.span();
        Some(at(span.start())?..at(span.end())?)
    }

    fn see_binary(&mut self, e: &syn::ExprBinary) -> Option<()> {
        let key = self.bytes(&e.op)?.start;
        self.binary.insert(key, [self.bytes(&e.left)?, self.bytes(&e.right)?]);
        Some(())
    }

    fn see_field(&mut self, field: &syn::FieldValue, base: &syn::Expr) -> Option<()> {
        let syn::Member::Named(name) = &field.member else { return None };
        let value = field.colon_token.is_some().then(|| self.bytes(&field.expr)).flatten();
        self.fields.insert(self.bytes(field)?.start, Field { name: name.to_string(), value, base: self.bytes(base)? });
        Some(())
    }

    fn see_arm(&mut self, arm: &syn::Arm) -> Option<()> {
        let guard = if let syn::Pat::Guard(guarded) = &arm.pat { self.bytes(&*guarded.guard) } else { None };
        self.arms.insert(self.bytes(arm)?.start, Arm { pattern: self.bytes(&arm.pat)?, guard });
        Some(())
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_expr_binary(&mut self, e: &'ast syn::ExprBinary) {
        // A condition with `let` in it is no expression that could be chosen at run time.
        if !has_let(&e.left) && !has_let(&e.right) {
            self.see_binary(e);
        }
        syn::visit::visit_expr_binary(self, e);
    }

    fn visit_expr_unary(&mut self, e: &'ast syn::ExprUnary) {
        if let (syn::UnOp::Not(_), Some(at), Some(operand)) = (&e.op, self.bytes(&e.op), self.bytes(&e.expr)) {
            self.unary.insert(at.start, operand);
        }
        syn::visit::visit_expr_unary(self, e);
    }

    fn visit_expr_match(&mut self, e: &'ast syn::ExprMatch) {
        // Without another arm for the rest, an arm cannot be missed: the compiler would notice.
        let for_rest = |arm: &syn::Arm| match &arm.pat {
            syn::Pat::Wild(_) => true,
            // A name in capitals is a constant or a variant.
            syn::Pat::Ident(name) => !name.ident.to_string().starts_with(char::is_uppercase),
            _ => false,
        };
        for (n, arm) in e.arms.iter().enumerate() {
            let others = || e.arms.iter().enumerate().filter(|(other, _)| *other != n);
            if matches!(arm.pat, syn::Pat::Guard(_)) || others().any(|(_, other)| for_rest(other)) {
                self.see_arm(arm);
            }
        }
        syn::visit::visit_expr_match(self, e);
    }

    fn visit_expr_struct(&mut self, e: &'ast syn::ExprStruct) {
        if let Some(base) = &e.rest {
            e.fields.iter().for_each(|field| {
                self.see_field(field, base);
            });
        }
        syn::visit::visit_expr_struct(self, e);
    }
}

fn has_let(e: &syn::Expr) -> bool {
    match e {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(e) => has_let(&e.left) || has_let(&e.right),
        syn::Expr::Paren(e) => has_let(&e.expr),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::Span;

    fn mutant(source: &str, genre: Genre, part: &str, replacement: &str) -> Mutant {
        let begin = source.find(part).unwrap();
        let place = |byte: usize| {
            let before = source.get(..byte).unwrap();
            let line = before.matches('\n').count() + 1;
            Place { line, column: before.chars().rev().take_while(|c| *c != '\n').count() + 1 }
        };
        let span = Span { start: place(begin), end: place(begin + part.len()) };
        Mutant { file: "f.rs".into(), genre, name: "f.rs:1:1: m".into(), replacement: replacement.into(), span }
    }

    fn woven(source: &str, mutants: &[(Genre, &str, &str)]) -> String {
        let mutants: Vec<_> = mutants.iter().map(|(genre, part, to)| mutant(source, *genre, part, to)).collect();
        let numbered: Vec<_> = (1..).zip(&mutants).collect();
        weave(source, &numbered).unwrap().text.replace("crate::mutant::on", "on")
    }

    #[test]
    fn a_function_returns_before_anything_else() {
        let mutants = [(Genre::BinaryOperator, "==", "!="), (Genre::FnValue, "1 == n", "true"), (Genre::FnValue, "1 == n", "false")];
        assert_eq!(
            woven("fn f(n: u8) -> bool { 1 == n }", &mutants),
            "fn f(n: u8) -> bool { if on(2) { return true; } if on(3) { return false; } (if on(1) { 1 != n } else { 1 == n }) }"
        );
    }

    #[test]
    fn operators_within_each_other_each_have_their_switch() {
        let mutants = [(Genre::BinaryOperator, "&&", "||"), (Genre::UnaryOperator, "!", ""), (Genre::BinaryOperator, "<", "==")];
        assert_eq!(
            woven("fn f() { let ä = !a && b < c; }", &mutants),
            "fn f() { let ä = (if on(1) { !a || b < c } else { !(on(2) != (a)) && (if on(3) { b == c } else { b < c }) }); }"
        );
    }

    #[test]
    fn arms_and_guards_never_match() {
        let source = "fn f() { match x { Some(n) if n > 1 => 2, None => 3, _ => 4 } }";
        let mutants = [
            (Genre::MatchArmGuard, "n > 1", "true"),
            (Genre::MatchArmGuard, "n > 1", "false"),
            (Genre::MatchArm, "None => 3,", ""),
            (Genre::MatchArm, "_ => 4", ""),
        ];
        assert_eq!(
            woven(source, &mutants),
            "fn f() { match x { Some(n) if on(1) || (!on(2) && (n > 1)) => 2, None if !on(3) => 3, _ => 4 } }"
        );
    }

    #[test]
    fn fields_come_from_the_base() {
        let mutants = [(Genre::StructField, "a: 1", ""), (Genre::StructField, "b", "")];
        assert_eq!(
            woven("fn f() { S { a: 1, b, ..old } }", &mutants),
            "fn f() { S { a: if on(1) { (old).a } else { 1 }, b: if on(2) { (old).b } else { b }, ..old } }"
        );
    }

    #[test]
    fn conditions_with_let_stay_as_they_are() {
        let source = "fn f() { if let Some(n) = x && n == 1 {} }";
        let mutants = [(Genre::BinaryOperator, "&&", "||"), (Genre::BinaryOperator, "==", "!=")];
        assert_eq!(woven(source, &mutants), "fn f() { if let Some(n) = x && (if on(2) { n != 1 } else { n == 1 }) {} }");
    }
}
