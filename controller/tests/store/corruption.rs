//! Damage anywhere in the file: what is opened is exactly what was recorded, or nothing is.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use canary_controller::rollout::{Position, Reason, Saved};
use canary_controller::store::{Entry, Loaded, Opened, PaperKind, Record, Stables, StoreError, open, restore};
use rusqlite::Connection;

use super::fixture::{
    NOW, aborted, beside, entry, folder, freezes, idle, key, paper, ready, saved, services, stables, store_in,
    under_way,
};

/// Small, so that many pages of every kind fit into a file of which every byte is tried.
const PAGE_SIZE: usize = 512;

type Files = BTreeMap<&'static str, Vec<u8>>;

/// The files of a store, by what is behind its name, and what they say.
struct Image {
    files: Files,
    truth: Loaded,
    stables: Stables,
}

#[test]
fn a_byte_that_is_turned_over_is_harmless_or_found() {
    let image = Image::of_a_stopped_store();
    let cases = image.files[""].len();
    let found = image.try_all(cases, |at, files| turn_over(files, "", at));
    assert!(found > cases / 4, "{found} of {cases} were found");
}

#[test]
fn a_bit_that_is_turned_over_is_harmless_or_found() {
    let image = Image::of_a_stopped_store();
    image.try_all(image.files[""].len(), |at, files| files.get_mut("").unwrap()[at] ^= 1 << (at % 8));
}

#[test]
fn a_file_that_is_cut_short_is_harmless_or_found_at_every_length() {
    let image = Image::of_a_stopped_store();
    let cases = image.files[""].len();
    let found = image.try_all(cases, |at, files| files.get_mut("").unwrap().truncate(at));
    // What is missing of the last page is read as zeros, and where zeros were the truth is whole.
    assert!(found > cases - PAGE_SIZE, "{found} of {cases} were found");
}

#[test]
fn a_page_whose_last_write_was_lost_is_harmless_or_found() {
    let older = Image::of_a_stopped_store();
    let folder = folder();
    let path = store_in(&folder);
    older.write_to(&path);
    let papers = vec![paper("web", 1, PaperKind::Evidence, "")];
    ready(&path).0.record(&Record { papers, ..record("api", idle("a1", 4)) }).unwrap();
    ready(&path).0.mark_orderly_stop().unwrap();
    let newer = Image::at(&path, older.stables.clone());
    let pages = older.files[""].len() / PAGE_SIZE;
    let found = newer.try_all(pages, |page, files| {
        let range = page * PAGE_SIZE..(page + 1) * PAGE_SIZE;
        files.get_mut("").unwrap()[range.clone()].copy_from_slice(&older.files[""][range]);
    });
    assert!(found >= 2, "the pages of the services and of the seal");
}

#[test]
fn a_damaged_backup_is_restored_as_it_was_or_refused() {
    let image = Image::of_a_stopped_store();
    let (folder, backup) = (folder(), &image.files[""]);
    // Every byte is too much here, and each has been tried above; a prime comes to every place within a page.
    let found = (0..backup.len()).step_by(13).filter(|&at| image.is_refused(at, backup.clone(), folder.path())).count();
    assert!(found > backup.len() / 13 / 4, "{found} were found");
}

#[test]
fn a_torn_write_is_undone_or_found_whatever_happens_to_its_journal() {
    let image = Image::of_a_torn_write();
    assert_eq!(image.try_all(1, |_, _| {}), 0, "without damage it is undone");
    let length = image.files["-journal"].len();
    assert!(image.try_all(length, |at, files| turn_over(files, "-journal", at)) > 0);
    assert!(image.try_all(length, |at, files| files.get_mut("-journal").unwrap().truncate(at)) > 0);
}

// === impl Image ===

impl Image {
    fn of_a_stopped_store() -> Self {
        let folder = folder();
        let path = store_in(&folder);
        let (mut store, _) = ready(&path);
        store.record(&Record { freezes: Some(freezes()), ..record("web", web_under_way()) }).unwrap();
        store.record(&record("pay", saved("p1", 3, aborted("p2", Reason::NeverReady)))).unwrap();
        let papers = [PaperKind::Evidence, PaperKind::Account].map(|kind| paper("web", 1, kind, "{\"a\":1}"));
        store.record(&Record { papers: papers.to_vec(), ..record("api", idle("a1", 2)) }).unwrap();
        store.check().unwrap();
        store.mark_orderly_stop().unwrap();
        drop(store);
        let shrink = format!("PRAGMA page_size = {PAGE_SIZE}; VACUUM");
        Connection::open(&path).unwrap().execute_batch(&shrink).unwrap();
        Self::at(&path, stables([("web", "v1"), ("pay", "p1"), ("api", "a1")]))
    }

    /// The files in the midst of a transaction of which some pages have reached the disk.
    fn of_a_torn_write() -> Self {
        let whole = Self::of_a_stopped_store();
        let folder = folder();
        let path = store_in(&folder);
        whole.write_to(&path);
        let connection = Connection::open(&path).unwrap();
        let tear = "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE;
            UPDATE services SET saved = replace(saved, '1', '9');
            UPDATE audit SET note = 'torn', actor = 'nobody';
            INSERT INTO room VALUES (1, zeroblob(4096));";
        connection.execute_batch(tear).unwrap();
        let torn = Self { files: files_at(&path), ..whole };
        drop(connection);
        let differs = torn.files[""].windows(b"\"v9\"".len()).any(|text| text == b"\"v9\"");
        assert!(differs && torn.files["-journal"].len() > PAGE_SIZE, "the write is torn");
        torn
    }

    /// What is at a path now. Reading it takes the mark of the stop away, so the files are read first.
    fn at(path: &Path, stables: Stables) -> Self {
        let files = files_at(path);
        Self { files, truth: ready(path).1, stables }
    }

    fn write_to(&self, path: &Path) {
        write(&self.files, path);
    }

    /// Damages the files in so many ways, and counts how many were found. None may be mistaken for another truth.
    fn try_all(&self, cases: usize, damage: impl Fn(usize, &mut Files) + Sync) -> usize {
        let (next, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let worker = || {
            let folder = folder();
            loop {
                let case = next.fetch_add(1, Ordering::Relaxed);
                if case >= cases {
                    return;
                }
                let mut files = self.files.clone();
                damage(case, &mut files);
                write(&files, &store_in(&folder));
                found.fetch_add(usize::from(self.is_found(case, &store_in(&folder))), Ordering::Relaxed);
            }
        };
        thread::scope(|scope| {
            let workers = thread::available_parallelism().map_or(2, NonZero::get);
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().for_each(|worker| worker.join().unwrap());
        });
        found.into_inner()
    }

    /// Opens damaged files: either they say the truth, or they are found and the snapshot serves, also after a restart.
    fn is_found(&self, case: usize, path: &Path) -> bool {
        match open(path, NOW).unwrap() {
            Opened::Ready { loaded, .. } => {
                self.assert_is_truth(loaded, &format!("case {case}"));
                return false;
            }
            Opened::Degraded { stables, reason, .. } => assert_eq!(stables, self.stables, "case {case}: {reason}"),
        }
        match open(path, NOW).unwrap() {
            Opened::Ready { loaded, .. } => {
                let anew = self.stables.iter().map(|(name, stable)| (name.clone(), idle(stable.as_str(), 0)));
                assert_eq!(loaded.services, anew.collect(), "case {case}, after a restart");
            }
            Opened::Degraded { stables, reason, .. } => assert_eq!(stables, self.stables, "case {case}: {reason}"),
        }
        true
    }

    /// No decision rests on the audit trail: a damaged line is left out, and with it the command that was done. Nor does
    /// a paper cost the rest.
    fn assert_is_truth(&self, mut loaded: Loaded, case: &str) {
        if loaded.answered.is_empty() {
            loaded.answered.clone_from(&self.truth.answered);
        }
        assert!(loaded.papers.iter().all(|paper| self.truth.papers.contains(paper)), "{case}: {:?}", loaded.papers);
        loaded.papers.clone_from(&self.truth.papers);
        assert_eq!(loaded, self.truth, "{case}");
    }

    /// Restores a damaged backup over a store: either it says the truth, or it is refused and nothing has changed.
    fn is_refused(&self, case: usize, mut backup: Vec<u8>, folder: &Path) -> bool {
        backup[case] ^= 0xff;
        let (store, from) = (folder.join("canaryd.db"), folder.join("backup"));
        self.write_to(&store);
        fs::write(&from, backup).unwrap();
        let is_refused = match restore(&from, &store, NOW) {
            Ok(restored) => {
                assert_eq!(restored.stables, self.stables, "case {case}");
                false
            }
            Err(StoreError::Backup { .. }) => {
                assert_eq!(files_at(&store), self.files, "case {case}");
                true
            }
            Err(error) => panic!("case {case}: {error}"),
        };
        let (_, mut loaded) = ready(&store);
        // A restore makes a stop unclean.
        loaded.stop = self.truth.stop;
        self.assert_is_truth(loaded, &format!("case {case}"));
        is_refused
    }
}

// === functions ===

fn web_under_way() -> Saved {
    saved("v1", 1, under_way(Position::Step(1)))
}

fn record(name: &str, saved: Saved) -> Record {
    let number = saved.generation.get();
    let key = (name == "web").then(|| key("a-key"));
    Record { services: services([(name, saved)]), entries: vec![Entry { key, ..entry(number) }], ..Record::default() }
}

fn turn_over(files: &mut Files, suffix: &str, at: usize) {
    files.get_mut(suffix).unwrap()[at] ^= 0xff;
}

fn files_at(path: &Path) -> Files {
    ["", "-journal", ".routes"]
        .into_iter()
        .filter_map(|suffix| fs::read(beside(path, suffix)).ok().map(|bytes| (suffix, bytes)))
        .collect()
}

/// Makes these files be all that is in the folder.
fn write(files: &Files, path: &Path) {
    for old in fs::read_dir(path.parent().unwrap()).unwrap() {
        let old: PathBuf = old.unwrap().path();
        fs::remove_file(old).unwrap();
    }
    for (suffix, bytes) in files {
        fs::write(beside(path, suffix), bytes).unwrap();
    }
}
