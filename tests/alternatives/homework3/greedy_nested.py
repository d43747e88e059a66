# for each frame an inner loop until the blank; the label stays a tensor; a log-softmax that changes no order
import torch


@torch.no_grad()
def greedy_decode(model, encoder_output, max_steps=2000):
    device = encoder_output.device
    label = torch.full((1, 1), 29, dtype=torch.long, device=device)
    decoder_output, hidden = model.decoder(label)
    result = []
    steps = 0
    for f in encoder_output:
        while steps < max_steps:
            scores = torch.log_softmax(model.joiner(f, decoder_output[0, 0]), dim=-1)
            steps += 1
            label = torch.argmax(scores).reshape(1, 1)
            if label.item() == 28:
                break
            result.append(label[0])
            decoder_output, hidden = model.decoder(label, hidden_states=hidden)
    return torch.cat(result) if result else torch.empty(0, dtype=torch.long)
