# asks for a label first; while; list of ints returned; keyword arguments
import torch


def greedy_decode(model, encoder_output, max_steps=2000):
    hypothesis = []
    frame = steps = 0
    output, state = model.decoder(inputs=torch.tensor([[29]]), input_lengths=None, hidden_states=None)
    while frame < encoder_output.shape[0] and steps < max_steps:
        symbol = model.joiner(encoder_output[frame], output[0, -1]).argmax(dim=-1).item()
        steps += 1
        if symbol != 28:
            hypothesis.append(symbol)
            output, state = model.decoder(inputs=torch.tensor([[symbol]]), hidden_states=state)
            continue
        frame += 1
    return hypothesis
