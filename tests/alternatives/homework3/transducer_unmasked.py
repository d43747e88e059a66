# the prediction network is not told any lengths, which one direction does not need; long labels; made contiguous
import torch


class RNNTransducer(Given["RNNTransducer"]):
    def forward(self, inputs, input_lengths, targets, target_lengths):
        B = inputs.size(0)
        bos = torch.full((B, 1), 29, dtype=torch.long, device=inputs.device)
        labels = torch.hstack((bos, targets.long()))
        encoder_outputs, _ = self.encoder(inputs, input_lengths)
        decoder_outputs, _ = self.decoder(labels)
        return self.joiner(encoder_outputs, decoder_outputs).contiguous()
