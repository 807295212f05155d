//! What the help says beside the texts of the options: the groups of commands, examples, and the exit codes.

use clap::{Command, Subcommand};

use crate::ctl::args::{LookCommand, RolloutCommand, UpkeepCommand};
use crate::ctl::exit_code::Exit;

/// The heading of what every command takes.
pub(super) const GLOBAL_OPTIONS: &str = "Options of every command";

const EXAMPLES: &str = "\
Examples:
  canaryctl status                            all services at a glance
  canaryctl status web                        one service: what the judge has seen, what is missing
  canaryctl deploy web --image me/web:v2      make containers of an image, and begin their rollout
  canaryctl start web v2 --reason 'CHG-1042'  give v2 a share of web's requests
  canaryctl start web v2 --wait               the same, and wait for the verdict (for CI)
  canaryctl start web=v2 api=v7               two services as one rollout, with one verdict
  canaryctl watch web                         follow it; take up a wait that was cut off
  canaryctl promote web                       go on to the next step without waiting for evidence
  canaryctl abort web                         take the canary's share away, at once
  canaryctl freeze --all --for 2h             start nothing and raise nothing for two hours
  canaryctl --json status | jq '.services[] | select(.phase == \"held\") | .name'
";

/// The command line with everything that its help says.
pub(super) fn complete(command: Command) -> Command {
    let groups = [
        ("Rollouts", RolloutCommand::augment_subcommands(Command::new("rollouts"))),
        ("Looking", LookCommand::augment_subcommands(Command::new("looking"))),
        ("Upkeep", UpkeepCommand::augment_subcommands(Command::new("upkeep"))),
    ];
    let width = command.get_subcommands().map(|command| command.get_name().len()).max().unwrap_or_default();
    let commands: String = groups.iter().map(|(heading, group)| list(heading, group, width)).collect();
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{commands}{GLOBAL_OPTIONS}:\n{{options}}{{after-help}}"
    );
    command.help_template(template).after_help(format!("{EXAMPLES}\nExit codes:\n{}", Exit::table()))
}

fn list(heading: &str, group: &Command, width: usize) -> String {
    let line = |command: &Command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        format!("  {:width$}  {about}\n", command.get_name())
    };
    format!("{heading}:\n{}\n", group.get_subcommands().map(line).collect::<String>())
}
