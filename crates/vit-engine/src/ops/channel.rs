//! `vit channel`: how much risk this installation takes.

use vit_contract::channel::Channel;
use vit_contract::output::ChannelReport;

use crate::context::Context;
use crate::error::EngineError;

/// Says which channel is in force and who set it.
///
/// # Errors
/// The installation cannot be read.
pub fn show(cx: &Context<'_>) -> Result<ChannelReport, EngineError> {
    let _ = cx;
    todo!()
}

/// Stores the channel for this installation; `None` forgets the choice.
///
/// # Errors
/// It cannot be written.
pub fn set(cx: &Context<'_>, channel: Option<Channel>) -> Result<ChannelReport, EngineError> {
    let _ = (cx, channel);
    todo!()
}
