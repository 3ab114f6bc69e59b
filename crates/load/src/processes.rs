//! Memory and CPU of the servers under load, each with all its children, sampled by a thread of
//! its own once a second.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use procfs::process::{Process, Stat, all_processes};
use serde::Serialize;

const INTERVAL: Duration = Duration::from_secs(1);

/// A process to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watched {
    name: String,
    root: Root,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Root {
    Pid(i32),
    /// The pid stands in a file; another one is read there after a restart.
    File(PathBuf),
}

/// What a watched process used.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    /// Its name, as given.
    pub(crate) name: String,
    /// CPU time in seconds, of itself and all its children.
    pub(crate) cpu_seconds: f64,
    /// The most memory at once, in KiB: what belongs to each process, and shared memory once.
    pub(crate) peak_rss_kib: u64,
    /// Memory at the end, in KiB.
    pub(crate) rss_kib: u64,
    /// How many processes it was at the end.
    pub(crate) processes: usize,
}

/// Samples until it is finished.
pub(crate) struct Sampler {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<Vec<Usage>>,
}

/// One process tree over time; after a restart the count goes on.
#[derive(Default)]
struct Track {
    root: i32,
    began_at: f64,
    now_at: f64,
    earlier: f64,
    usage: Usage,
}

/// The process table at one moment.
struct Table {
    by_pid: HashMap<i32, Stat>,
    children: HashMap<i32, Vec<i32>>,
}

impl FromStr for Watched {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, root) = text.split_once('=').ok_or("not NAME=PID")?;
        let root = root
            .parse()
            .map_or_else(|_| Root::File(root.into()), Root::Pid);
        Ok(Self {
            name: name.to_owned(),
            root,
        })
    }
}

impl Watched {
    fn pid(&self) -> Option<i32> {
        match &self.root {
            Root::Pid(pid) => Some(*pid),
            // The first line, as in PostgreSQL's postmaster.pid.
            Root::File(path) => std::fs::read_to_string(path)
                .ok()?
                .lines()
                .next()?
                .trim()
                .parse()
                .ok(),
        }
    }
}

impl Sampler {
    /// Begins to sample.
    pub(crate) fn start(watched: Vec<Watched>) -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut tracks: Vec<Track> = watched.iter().map(|_| Track::default()).collect();
            let mut first = true;
            loop {
                sample(&watched, &mut tracks, first);
                first = false;
                if stopped.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            sample(&watched, &mut tracks, false);
            watched
                .into_iter()
                .zip(tracks)
                .map(|(watched, track)| track.finish(watched.name))
                .collect()
        });
        Self { stop, thread }
    }

    /// Samples once more and tells what was used since the start. Waits for a moment.
    pub(crate) fn finish(self) -> Vec<Usage> {
        drop(self.stop);
        self.thread.join().unwrap_or_default()
    }
}

fn sample(watched: &[Watched], tracks: &mut [Track], first: bool) {
    if watched.is_empty() {
        return;
    }
    let table = Table::read();
    for (watched, track) in watched.iter().zip(tracks) {
        if let Some(pid) = watched.pid().filter(|pid| table.by_pid.contains_key(pid)) {
            track.follow(pid, &table, first);
        }
    }
}

impl Track {
    fn follow(&mut self, pid: i32, table: &Table, first: bool) {
        let tree = table.tree(pid);
        let cpu = table.cpu_seconds(&tree);
        if pid != self.root {
            self.earlier += self.now_at - self.began_at;
            self.root = pid;
            self.began_at = if first { cpu } else { 0.0 };
        }
        self.now_at = cpu;
        self.usage.processes = tree.len();
        self.usage.rss_kib = memory_kib(&tree);
        self.usage.peak_rss_kib = self.usage.peak_rss_kib.max(self.usage.rss_kib);
    }

    fn finish(self, name: String) -> Usage {
        Usage {
            name,
            cpu_seconds: self.earlier + self.now_at - self.began_at,
            ..self.usage
        }
    }
}

impl Table {
    fn read() -> Self {
        let processes = all_processes().into_iter().flatten().flatten();
        let by_pid: HashMap<i32, Stat> = processes
            .filter_map(|process| Some((process.pid(), process.stat().ok()?)))
            .collect();
        let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
        for stat in by_pid.values() {
            children.entry(stat.ppid).or_default().push(stat.pid);
        }
        Self { by_pid, children }
    }

    fn tree(&self, root: i32) -> HashSet<i32> {
        let mut tree = HashSet::new();
        let mut open = vec![root];
        while let Some(pid) = open.pop() {
            if tree.insert(pid) {
                open.extend(self.children.get(&pid).into_iter().flatten());
            }
        }
        tree
    }

    /// The CPU time of a tree; that of children which ended is in their parents'.
    fn cpu_seconds(&self, tree: &HashSet<i32>) -> f64 {
        let ticks = tree
            .iter()
            .filter_map(|pid| self.by_pid.get(pid))
            .map(ticks)
            .sum();
        seconds(ticks)
    }
}

/// The CPU time of this process so far, in seconds.
pub(crate) fn own_cpu_seconds() -> f64 {
    Process::myself()
        .and_then(|process| process.stat())
        .map_or(0.0, |stat| seconds(ticks(&stat)))
}

fn ticks(stat: &Stat) -> u64 {
    let children = u64::try_from(stat.cutime + stat.cstime).unwrap_or(0);
    stat.utime + stat.stime + children
}

fn seconds(ticks: u64) -> f64 {
    let rate = u32::try_from(procfs::ticks_per_second()).unwrap_or(100);
    f64::from(u32::try_from(ticks).unwrap_or(u32::MAX)) / f64::from(rate)
}

fn memory_kib(tree: &HashSet<i32>) -> u64 {
    let statuses = tree
        .iter()
        .filter_map(|pid| Process::new(*pid).ok()?.status().ok());
    let (mut own, mut file, mut shared) = (0, 0, 0);
    for status in statuses {
        own += status.rssanon.unwrap_or(0);
        file = status.rssfile.unwrap_or(0).max(file);
        shared = status.rssshmem.unwrap_or(0).max(shared);
    }
    own + file + shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_watched_by_pid_or_by_pid_file_with_its_children() {
        let me = std::process::id();
        let file = std::env::temp_dir().join(format!("discuss-load-{me}.pid"));
        std::fs::write(&file, format!("{me}\nmore\n")).unwrap();
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let by_pid: Watched = format!("me={me}").parse().unwrap();
        let by_file: Watched = format!("file={}", file.display()).parse().unwrap();
        let usages = Sampler::start(vec![by_pid, by_file]).finish();
        child.kill().unwrap();
        child.wait().unwrap();
        std::fs::remove_file(file).unwrap();
        assert_eq!(
            usages
                .iter()
                .map(|usage| usage.name.as_str())
                .collect::<Vec<_>>(),
            ["me", "file"]
        );
        for usage in usages {
            assert!(
                usage.processes >= 2 && usage.peak_rss_kib > 1000,
                "{usage:?}"
            );
        }
        assert!("nothing".parse::<Watched>().is_err());
    }

    #[test]
    fn a_restarted_process_goes_on_counting() {
        let mut track = Track {
            root: 1,
            began_at: 5.0,
            now_at: 7.0,
            ..Track::default()
        };
        let me = i32::try_from(std::process::id()).unwrap();
        let table = Table::read();
        track.follow(me, &table, false);
        let own = table.cpu_seconds(&table.tree(me));
        assert!((track.finish("x".to_owned()).cpu_seconds - (2.0 + own)).abs() < 1e-9);
    }
}
