//! What containers use, as a real Engine measures it.

use super::yard::Yard;
use crate::support::with_engine;

#[test]
fn what_a_canary_uses_is_shown_beside_what_stable_does() {
    with_engine(async |engine| {
        let yard = Yard::open(engine, 1, "strategy = \"blue-green\"\npause = \"manual\"\nprobation = \"1s\"").await;
        let v2 = engine.image("v2", &["ENV MEMORY=64"]).await;
        let release = yard.deploy(&v2).await;
        let status = yard
            .until("both to be measured twice", |status| {
                let usages = status.containers.iter().filter_map(|container| container.usage);
                usages.filter(|usage| usage.processor_milli.is_some()).count() == 2
            })
            .await;
        let of = |is_canary: bool| {
            let mut own = status.containers.iter().filter(|one| (one.release.as_str() == release) == is_canary);
            own.next().and_then(|one| one.usage).expect("a usage").memory_bytes
        };
        assert!(of(true) >= 64 << 20 && of(false) < of(true) / 2, "{} beside {}", of(true), of(false));
        let page = yard.canaryd.metrics_with(None).await.text;
        assert!(page.contains("canaryd_container_memory_bytes{"), "{page}");
    });
}
