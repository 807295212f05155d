//! Many rollouts of made-up requests by the plan of a configuration file, without canaryd.

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use canary_config::daemon::Config;
use canary_config::name::ServiceName;
use canary_config::service::Service;
use tokio::sync::oneshot;

use crate::clock;
use crate::crew::Crew;
use crate::ctl::args::SimulateArgs;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::interrupt::unless_interrupted;
use crate::ctl::output::Output;
use crate::render;
use crate::simulation::{self, Experiment, Nobody, Report, Seeds, Simulation, TooMuch, Traffic, WordError, Words};

/// Simulates them on all cores, and shows what came of it.
pub(super) async fn simulate(args: SimulateArgs, output: &Output) -> Result<Exit, Failure> {
    let experiment = experiment(args)?;
    let simulation = experiment.simulation()?;
    let played = unless_interrupted(aside(move || play(&experiment, &simulation, Crew::whole()))).await?;
    let interrupted = || Failure::new(Exit::Interrupted, "interrupted", "fewer --runs take less time");
    let report = played.ok_or_else(interrupted)??;
    output.report(&report, &render::simulation(&report, output.color()))?;
    Ok(Exit::Done)
}

/// All of its rollouts. What comes of them does not depend on the crew.
fn play(experiment: &Experiment, simulation: &Simulation, crew: Crew) -> Report {
    let (base, seeds) = (clock::now(), Seeds::new(experiment.seed));
    let runs = usize::try_from(experiment.runs).unwrap_or(usize::MAX);
    let outcomes = crew.play(runs, |run| simulation.run(base, seeds.of(run as u64), &mut Nobody));
    experiment.report(&outcomes)
}

/// Does it on a thread of its own. Whoever stops waiting leaves that behind; it ends with the process.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let (done, result) = oneshot::channel();
    // Nobody listens any more after an interruption.
    thread::spawn(move || drop(done.send(work())));
    result.await.map_err(|_| Failure::plain(Exit::Unexpected, "the simulation broke off; this is a fault of canaryctl"))
}

fn experiment(args: SimulateArgs) -> Result<Experiment, Failure> {
    let SimulateArgs { config: file, service, traffic, stable, canary, runs, seed } = args;
    let config = Config::load(&file).map_err(|errors| Failure::of_file(&errors, &file))?;
    let service = chosen(&config, service, &file)?;
    let words = Words { stable, canary };
    let stable = simulation::behaviour(&words.stable).map_err(|error| bad_words("--stable", &error))?;
    let (canary, onset) = simulation::canary(&words.canary, &stable).map_err(|error| bad_words("--canary", &error))?;
    let traffic = Traffic { onset, ..Traffic::new(traffic, stable, canary) };
    // A new release is taken to run on as many instances as stable does.
    let declared = service.origin.declared();
    let instances = declared.and_then(|declared| declared.releases.get(&declared.stable));
    let instances = instances.and_then(|release| NonZeroUsize::new(release.backends.len()));
    let plan = service.plan.for_instances(instances.unwrap_or(NonZeroUsize::MIN));
    Ok(Experiment { service: service.name.clone(), plan, traffic, words, runs, seed })
}

/// The service that is meant.
fn chosen<'a>(config: &'a Config, name: Option<ServiceName>, file: &Path) -> Result<&'a Service, Failure> {
    let names = || config.services.keys().map(ServiceName::as_str).collect::<Vec<_>>().join(", ");
    let missing = match name {
        Some(name) => match config.services.get(&name) {
            Some(service) => return Ok(service),
            None => format!("{} declares no service {name}", file.display()),
        },
        None => match config.services.values().collect::<Vec<_>>().as_slice() {
            [only] => return Ok(only),
            _ => format!("{} declares several services", file.display()),
        },
    };
    Err(Failure::new(Exit::Usage, missing, format!("name one of these with --service: {}", names())))
}

fn bad_words(flag: &str, error: &WordError) -> Failure {
    Failure::plain(Exit::Usage, format!("{flag}: {error}"))
}

impl From<TooMuch> for Failure {
    fn from(error: TooMuch) -> Self {
        let hint = match error.runs_max {
            0 => "give the plan shorter steps, or let fewer requests come".to_owned(),
            most => format!("--runs {most} can be simulated"),
        };
        Self::new(Exit::Usage, error.to_string(), hint)
    }
}

#[cfg(test)]
mod tests {
    use canary_config::plan::Plan;

    use super::*;

    #[test]
    fn the_number_of_threads_changes_no_byte() {
        let stable = simulation::behaviour("errors=0.1%").expect("good words");
        let (canary, onset) = simulation::canary("errors=20% after=10%", &stable).expect("good words");
        let words = Words { stable: "errors=0.1%".to_owned(), canary: "errors=20% after=10%".to_owned() };
        let traffic = Traffic { onset, ..Traffic::new(20.0, stable, canary) };
        let service = "web".parse().expect("a good name");
        let experiment = Experiment { service, plan: Plan::default(), traffic, words, runs: 40, seed: 7 };
        let simulation = experiment.simulation().expect("few runs");
        let text = |threads| {
            let crew = Crew::of(NonZeroUsize::new(threads).expect("more than none"));
            render::simulation(&play(&experiment, &simulation, crew), render::Color::Never)
        };
        let alone = text(1);
        assert!([2, 3, 16].into_iter().all(|threads| text(threads) == alone));
    }
}
