//! The containers of a service, what of them does not belong, and how Docker is seen.

use crate::api::{ContainerStatus, DockerHealth, ServiceStatus};
use crate::render::NOTHING;
use crate::render::fields::{Fields, LABEL_COLUMNS};
use crate::render::number::count;
use crate::render::paint::{Color, Style};
use crate::render::table::{Cell, Column, table};

/// A line for each container, and under them what is wrong with some; nothing if there is none.
pub(super) fn containers(service: &ServiceStatus, color: Color) -> String {
    if service.containers.is_empty() {
        return String::new();
    }
    let columns = [
        Column::of_words("CONTAINER", LABEL_COLUMNS + 1),
        Column::of_names("RELEASE", 28),
        Column::of_names("NAME", 24),
        Column::of_words("STATE", 9),
        Column::of_names("ADDRESS", 21),
        Column::of_numbers("OPEN", 6),
    ];
    let rows: Vec<_> = service.containers.iter().map(row).collect();
    let remarks = service.containers.iter().flat_map(remarks);
    let remarks = remarks.fold(Fields::new(color), |fields, remark| fields.styled("", &remark, Style::Warning));
    "\n".to_owned() + &table(&columns, &rows, color) + &remarks.into_text()
}

fn row(container: &ContainerStatus) -> [Cell; 6] {
    let style = match container.state.as_str() {
        "running" => Style::Plain,
        "unhealthy" => Style::Bad,
        _ => Style::Quiet,
    };
    let address = container.address.as_deref().unwrap_or(NOTHING);
    [
        Cell::plain(&container.id),
        Cell::plain(container.release.as_str()),
        Cell::plain(&container.name),
        Cell::styled(&container.state, style),
        Cell::plain(address),
        Cell::plain(count(u64::try_from(container.open).unwrap_or(u64::MAX))),
    ]
}

fn remarks(container: &ContainerStatus) -> impl Iterator<Item = String> {
    let name = &container.name;
    let restarts = (container.restarts > 0).then(|| match container.restarts {
        1 => "started again once".to_owned(),
        times => format!("started again {times} times"),
    });
    let trouble = container.trouble.clone();
    let remarks =
        [container.detail.clone(), restarts, trouble, container.drift.clone().map(|drift| format!("drift: {drift}"))];
    remarks.into_iter().flatten().map(move |remark| format!("⚠ {name}: {remark}"))
}

/// What is wrong with Docker, before everything else; nothing if all is well.
pub(super) fn docker(health: Option<&DockerHealth>, color: Color) -> String {
    let Some(DockerHealth { trouble, faults }) = health else { return String::new() };
    if trouble.is_none() && faults.is_empty() {
        return String::new();
    }
    let mut fields = Fields::new(color);
    if let Some(trouble) = trouble {
        fields = fields.styled("docker", &format!("✖ {trouble}"), Style::Bad);
        fields = fields.styled("", "requests go where they went; nothing is started or raised", Style::Quiet);
    }
    for (index, fault) in faults.iter().enumerate() {
        let label = if index == 0 && trouble.is_none() { "docker" } else { "" };
        fields = fields.styled(label, &format!("⚠ {fault}"), Style::Warning);
    }
    fields.into_text() + "\n"
}
