//! A streamed answer.
#[derive(Debug)]
/// x
pub struct ChatStream;
impl ChatStream {
    pub(crate) fn new(_t: std::sync::Arc<dyn crate::transport::Transport>, _o: crate::sender::Opened) -> Self {
        Self
    }
}
