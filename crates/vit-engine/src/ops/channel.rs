//! `vit channel`: how much risk this installation takes.

use vit_contract::channel::Channel;
use vit_contract::output::ChannelReport;

use crate::compat;
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::transaction::Held;
use crate::facts::Local;
use crate::store::choices;

/// Says which channel is in force and who set it.
///
/// # Errors
/// The installation cannot be read.
pub fn show(cx: &Context<'_>) -> Result<ChannelReport, EngineError> {
    let local = Local::gather(cx)?;
    let details = format!(
        "{} is in force, set by {}",
        local.channel.channel, local.channel.set_by
    );
    Ok(ChannelReport {
        schema: "vit.channel/1".into(),
        channel: local.channel,
        previous: None,
        details,
    })
}

/// Stores the channel for this installation; `None` forgets the choice.
///
/// # Errors
/// It cannot be written, another `vit` is at work, or an earlier transaction is not finished.
pub fn set(cx: &Context<'_>, channel: Option<Channel>) -> Result<ChannelReport, EngineError> {
    let _held = Held::acquire_idle(cx, "vit channel")?;
    let local = Local::gather(cx)?;
    let mut choices = local.choices;
    choices.channel = channel;
    choices::save(&cx.site.state_dir, &choices, cx.faults)?;
    let now = compat::effective_channel(cx.channel_override, channel, &local.verticals);
    let stored = channel.map_or_else(
        || "the stored channel is forgotten".to_owned(),
        |channel| format!("{channel} is stored for this installation"),
    );
    let beaten = match channel {
        Some(channel) if channel != now.channel => {
            format!("; {} wins over it with {}", now.set_by, now.channel)
        }
        Some(_) | None => String::new(),
    };
    let details =
        format!("{stored}{beaten}; what is installed stays, only what is offered next changes");
    Ok(ChannelReport {
        schema: "vit.channel/1".into(),
        channel: now,
        previous: Some(local.channel),
        details,
    })
}
