# shapes of a batch of one: joiner in 3-D on one frame, int32 labels, a tuple of states, an int32 tensor
import torch


def greedy_decode(model, encoder_output, max_steps=2000):
    found, t = [], 0
    g, state = model.decoder(torch.tensor([[29]], dtype=torch.int32), hidden_states=None)
    while t < encoder_output.shape[0] and max_steps > 0:
        max_steps -= 1
        k = int(model.joiner(encoder_output[None, t : t + 1], g)[0, 0, 0].argmax())
        if k != 28:
            found.append(k)
            g, state = model.decoder(torch.tensor([[k]], dtype=torch.int32), hidden_states=tuple(state))
        else:
            t += 1
    return torch.tensor(found, dtype=torch.int32)
