//! Shows how two texts differ, line by line.
#![forbid(unsafe_code)]

/// How many lines are worth reading.
const ENOUGH: usize = 60;

/// The lines that differ, `-` in `left` only and `+` in `right` only, each group after the common line before it.
pub fn lines(left: &str, right: &str) -> String {
    let left: Vec<_> = left.lines().collect();
    let right: Vec<_> = right.lines().collect();
    let common = table(&left, &right);
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    let mut last_common = None;
    while i < left.len() || j < right.len() {
        if i < left.len() && j < right.len() && left[i] == right[j] {
            last_common = Some(left[i]);
            (i, j) = (i + 1, j + 1);
            continue;
        }
        if let Some(line) = last_common.take() {
            out.push(format!("  {line}"));
        }
        if j == right.len() || (i < left.len() && common[i + 1][j] >= common[i][j + 1]) {
            out.push(format!("- {}", left[i]));
            i += 1;
        } else {
            out.push(format!("+ {}", right[j]));
            j += 1;
        }
    }
    if out.len() > ENOUGH {
        let more = out.len() - ENOUGH;
        out.truncate(ENOUGH);
        out.push(format!("… and {more} lines more"));
    }
    out.join("\n")
}

/// The first lines that differ, with a few around them: for texts too long to compare as a whole.
pub fn first(left: &str, right: &str) -> String {
    const AROUND: usize = 3;
    let (left, right): (Vec<_>, Vec<_>) = (left.lines().collect(), right.lines().collect());
    let same = left.iter().zip(&right).take_while(|(left, right)| left == right).count();
    let part = |lines: &[&str]| {
        let end = (same + 1 + AROUND).min(lines.len());
        lines[same.saturating_sub(AROUND)..end].join("\n")
    };
    lines(&part(&left), &part(&right))
}

/// `table[i][j]`: the length of the longest common subsequence of `left[i..]` and `right[j..]`.
fn table(left: &[&str], right: &[&str]) -> Vec<Vec<u32>> {
    let mut table = vec![vec![0; right.len() + 1]; left.len() + 1];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            table[i][j] = if left[i] == right[j] {
                table[i + 1][j + 1] + 1
            } else {
                table[i + 1][j].max(table[i][j + 1])
            };
        }
    }
    table
}
