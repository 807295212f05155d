//! Deployments one after the other, for a long time: `make soak`. What is rare shows only here.

use super::deploy::{BLUE_GREEN, RECREATE, ROLLING, served};
use super::yard::Yard;
use crate::support::{QUICK, with_engine};

/// So often each strategy is used.
const TIMES_EACH: usize = 20;

/// So many deployments follow each other in all.
const TIMES_IN_ALL: usize = 200;

/// Two releases take each other's place again and again under a load without a pause, of which no request may fail.
/// Nothing piles up.
fn soaked(plan: &str, containers: usize, times: usize) {
    with_engine(async |engine| {
        let yard = Yard::open(engine, containers, plan).await;
        let images = [engine.image("v2", &[]).await, engine.image("v3", &[]).await];
        let mut load = yard.load().await;
        for (number, image) in (1..=times).zip(images.iter().cycle()) {
            let release = yard.deploy(image).await;
            yard.until_stable(&release).await;
            let seen = yard.until_alone(Some(&release), containers).await;
            assert!(seen.len() <= 3 * containers, "deployment {number} of {times} leaves more behind: {seen:?}");
            // A load ends by itself after a minute: the next one is under way before.
            let next = yard.load().await;
            served(std::mem::replace(&mut load, next)).await;
        }
        served(load).await;
    });
}

#[test]
#[ignore = "takes minutes; `make soak` runs it"]
fn canaries_soaked() {
    soaked(QUICK, 1, TIMES_EACH);
}

#[test]
#[ignore = "takes minutes; `make soak` runs it"]
fn colours_soaked() {
    soaked(BLUE_GREEN, 1, TIMES_EACH);
}

#[test]
#[ignore = "takes minutes; `make soak` runs it"]
fn rolling_soaked() {
    soaked(ROLLING, 2, TIMES_EACH);
}

#[test]
#[ignore = "takes minutes; `make soak` runs it"]
fn recreation_soaked() {
    soaked(RECREATE, 1, TIMES_EACH);
}

#[test]
#[ignore = "takes half an hour; `make soak` runs it"]
fn two_hundred_deployments_soaked() {
    soaked(QUICK, 1, TIMES_IN_ALL);
}
