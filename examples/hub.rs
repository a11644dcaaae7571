//! Asks Dolly at a Text Generation Inference server, word by word. `cargo run --example hub --features native`
//!
//! Reads `HF_TOKEN` and `HF_BASE_URL`, the server's address; the emulator's is its own address with `/hf`.

use std::io::Write;

use lakewire::Result;
use lakewire::hugging_face::{
    DOLLY_END, HubClient, TextGenerationParameters, TextGenerationRequest, dolly_answer, dolly_prompt,
};

#[tokio::main]
async fn main() -> Result<()> {
    let base_url = std::env::var("HF_BASE_URL").unwrap_or_else(|_| "http://127.0.0.1:8787/hf".into());
    let token = std::env::var("HF_TOKEN").unwrap_or_else(|_| "hf_emulator".into());
    let hub = HubClient::own(&base_url, token)?;
    let parameters = TextGenerationParameters::default().max_new_tokens(200_u64).stop([DOLLY_END]);

    let prompt = dolly_prompt("What is my name?", Some("My name is Ann."));
    let answer = hub.text_generation(TextGenerationRequest::new(prompt).parameters(parameters.clone())).await?;
    println!("{}", dolly_answer(&answer.text));

    let request = TextGenerationRequest::new(dolly_prompt("Say hello.", None)).parameters(parameters);
    let mut words = hub.text_generation_stream(request).await?.into_words();
    print!("Streamed: ");
    while let Some(piece) = words.next().await {
        print!("{}", piece?);
        let _ = std::io::stdout().flush();
    }
    println!();
    Ok(())
}
