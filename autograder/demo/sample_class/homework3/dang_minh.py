# zip: Đặng_Minh_hw3.zip
# style: mistakes: the ReLU after the linear layer; a label moves on to the next frame; not trained
# base: abebe_selam

# %% joiner
class Joiner(nn.Module):
    def __init__(self, joiner_dim, num_outputs):
        super().__init__()
        self.linear = nn.Linear(joiner_dim, num_outputs)

    def forward(self, encoder_outputs, decoder_outputs):
        if encoder_outputs.dim() == 3:
            encoder_outputs = encoder_outputs[:, :, None]
            decoder_outputs = decoder_outputs[:, None]
        return torch.relu(self.linear(encoder_outputs + decoder_outputs))

# %% greedy
@torch.no_grad()
def greedy_decode(model, encoder_output, max_steps=2000):
    out, hidden = model.decoder(torch.tensor([[29]]))
    t, labels = 0, []
    for step in range(max_steps):
        if t >= encoder_output.size(0):
            break
        k = model.joiner(encoder_output[t], out[0, 0]).argmax().item()
        if k == 28:
            t += 1
        else:
            labels.append(k)
            out, hidden = model.decoder(torch.tensor([[k]]), hidden_states=hidden)
            t += 1
    return torch.LongTensor(labels)
