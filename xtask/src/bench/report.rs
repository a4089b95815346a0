//! The numbers as a table and as JSON: the median of each, and the worst time.

use super::latency;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What one run came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) hosts: u32,
    /// Seconds from start to end of the program.
    pub(super) wall: f64,
    /// `elapsed_seconds`, as the program itself has it.
    pub(super) elapsed: f64,
    /// Requests to the vendor.
    pub(super) requests: f64,
    pub(super) cpu: f64,
    pub(super) peak_mib: f64,
}

/// All runs of so many hosts, in short.
struct Summary {
    hosts: u32,
    runs: usize,
    wall: f64,
    worst: f64,
    elapsed: f64,
    requests: f64,
    cpu: f64,
    peak_mib: f64,
}

impl Summary {
    /// Wall time over what nobody can be faster than.
    fn ratio(&self, scale: f64) -> f64 {
        self.wall / latency::critical_path(scale)
    }

    fn requests_each(&self) -> f64 {
        self.requests / f64::from(self.hosts)
    }
}

fn summaries(rows: &[Row]) -> Vec<Summary> {
    let mut sizes: Vec<u32> = rows.iter().map(|row| row.hosts).collect();
    sizes.dedup();
    sizes
        .into_iter()
        .map(|hosts| {
            let of: Vec<&Row> = rows.iter().filter(|row| row.hosts == hosts).collect();
            let middle = |get: fn(&Row) -> f64| median(of.iter().map(|row| get(row)).collect());
            Summary {
                hosts,
                runs: of.len(),
                wall: middle(|row| row.wall),
                worst: of.iter().map(|row| row.wall).fold(0.0, f64::max),
                elapsed: middle(|row| row.elapsed),
                requests: middle(|row| row.requests),
                cpu: middle(|row| row.cpu),
                peak_mib: middle(|row| row.peak_mib),
            }
        })
        .collect()
}

/// The middle one; of two the greater.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// For people.
pub(super) fn table(rows: &[Row], scale: f64) -> String {
    let mut text = format!(
        "critical path of the latencies: {:.2} s\n\
         hosts  runs   wall s  worst s  wall/path  requests  each   cpu s  peak MiB\n",
        latency::critical_path(scale)
    );
    for s in summaries(rows) {
        let _ = writeln!(
            text,
            "{:>5} {:>5} {:>8.2} {:>8.2} {:>10.3} {:>9.0} {:>5.1} {:>7.2} {:>9.1}",
            s.hosts,
            s.runs,
            s.wall,
            s.worst,
            s.ratio(scale),
            s.requests,
            s.requests_each(),
            s.cpu,
            s.peak_mib
        );
    }
    text.push_str("cpu and memory are the program's with the emulated cloud inside it\n");
    text
}

/// For programs.
pub(super) fn json(rows: &[Row], scale: f64) -> String {
    let list: Vec<Value> = summaries(rows)
        .iter()
        .map(|s| {
            json!({
                "hosts": s.hosts,
                "runs": s.runs,
                "wall_seconds": s.wall,
                "worst_wall_seconds": s.worst,
                "elapsed_seconds": s.elapsed,
                "wall_over_critical_path": s.ratio(scale),
                "requests": s.requests,
                "requests_per_server": s.requests_each(),
                "cpu_seconds": s.cpu,
                "peak_mib": s.peak_mib,
            })
        })
        .collect();
    let document = json!({
        "schema": 1,
        "scale": scale,
        "critical_path_seconds": latency::critical_path(scale),
        "results": list,
    });
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_has_its_middle_and_its_worst() {
        let row = |hosts, wall: f64| Row {
            hosts,
            wall,
            elapsed: wall,
            requests: 4.0 * f64::from(hosts),
            cpu: 1.0,
            peak_mib: 2.0,
        };
        let rows = [row(1, 50.0), row(1, 41.0), row(1, 40.0), row(20, 45.0)];
        let document: Value = serde_json::from_str(&json(&rows, 1.0)).unwrap();
        let result = |index: usize, key: &str| document["results"][index][key].as_f64().unwrap();
        assert!((result(0, "wall_seconds") - 41.0).abs() < 1e-9);
        assert!((result(0, "worst_wall_seconds") - 50.0).abs() < 1e-9);
        assert!((result(1, "requests_per_server") - 4.0).abs() < 1e-9);
        assert_eq!(table(&rows, 1.0).lines().count(), 5);
    }
}
