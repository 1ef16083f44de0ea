//! All integration tests as one program, which links the library once and runs them side by side.

#[cfg(unix)]
mod action;
mod agreement;
mod ask_words;
mod authz_parts;
#[cfg(unix)]
mod azure_template;
mod bad_input;
mod bounded_work;
mod can_i_transcripts;
mod catalogue;
mod check_baseline;
mod check_findings;
mod check_gate;
mod check_ignores;
mod check_left_aside;
mod check_outputs;
mod checkouts;
#[cfg(unix)]
mod collisions;
mod completions;
#[cfg(unix)]
mod completions_shells;
mod conformance;
mod decode;
mod default_policy;
mod design;
mod diff_cases;
mod diff_cli;
mod diff_entries;
mod diff_groups;
mod diff_law;
mod diff_minimal;
mod directory;
mod directory_answers;
#[cfg(unix)]
mod docs_commands;
mod docs_links;
mod docs_words;
mod edges_doc;
mod empty_namespace;
mod environments;
mod environments_law;
#[cfg(target_os = "linux")]
mod environments_rendered;
mod environments_settings;
mod environments_sides;
mod escapes;
mod forged;
mod forged_comment;
mod fuzz_regressions;
mod hash_collisions;
mod hidden_grants;
#[cfg(unix)]
mod hostile_files;
#[cfg(unix)]
mod hostile_repositories;
mod index_sizes;
mod input_forms;
mod judged_by_base;
#[cfg(unix)]
mod kubectl_plugin;
#[cfg(target_os = "linux")]
mod limits;
mod long_lists;
mod lookup_unjudged;
#[cfg(unix)]
mod man_pages;
mod meant_names;
mod naive;
mod naive_paths;
mod named_creates;
mod nobodies;
mod one_cluster;
#[cfg(unix)]
mod other_repositories;
mod outside_authorizers;
#[cfg(unix)]
mod packaging;
mod paths;
mod paths_cli;
mod paths_edges;
mod paths_traps;
#[cfg(unix)]
mod pull_request_comments;
#[cfg(unix)]
mod pull_request_threads;
mod reading_bounds;
mod reading_limits;
mod readme;
mod refusals;
mod refused_fields;
#[cfg(unix)]
mod rendering;
#[cfg(unix)]
mod rendering_helm;
#[cfg(unix)]
mod rendering_hidden;
mod rendering_left_out;
#[cfg(unix)]
mod rendering_refusals;
#[cfg(target_os = "linux")]
mod rendering_stand_ins;
mod reverse_law;
mod reverse_views;
mod review;
mod review_refusals;
mod risk_parts;
mod risk_steps;
mod risks;
mod risks_halves;
mod scalars;
mod second_reader;
mod sent;
mod stderr_lines;
mod suggest;
mod support;
mod tables;
mod tables_law;
mod texts;
mod unknown_subjects;
mod unknown_subresources;
mod unrendered;
mod upgrade;
mod versions;
mod versions_doc;
mod what_people_see;
mod who_can;
#[cfg(target_os = "linux")]
mod widths;
mod workload_kinds;
