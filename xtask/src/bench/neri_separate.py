"""Times the separation of 500 mixtures by Neri's MNIST network in PyTorch: neri_separate.py [--sources 2] [--threads 2]"""
import argparse, json, time
import torch
from torch import nn

ap = argparse.ArgumentParser()
ap.add_argument('--sources', type=int, default=2)
ap.add_argument('--mixtures', type=int, default=500)
ap.add_argument('--threads', type=int, default=2)
a = ap.parse_args()
torch.set_num_threads(a.threads)
widths, latent = [700, 600, 500, 400, 300], 20


def perceptron(inputs, hidden, outputs):
    layers = [nn.Sequential(nn.Linear(i, o), nn.BatchNorm1d(o), nn.ReLU()) for i, o in zip([inputs] + hidden, hidden)]
    return nn.Sequential(*layers, nn.Linear(hidden[-1], outputs)).eval()


encoder = perceptron(784, widths, 2 * a.sources * latent)
decoder = perceptron(latent, widths[::-1], 784)
x = torch.rand(a.mixtures, 784)


@torch.inference_mode()
def separate():
    mean = encoder(x).chunk(2, 1)[0]
    return torch.sigmoid(decoder(mean.reshape(-1, latent))).view(a.mixtures, a.sources, 784)


for _ in range(10):
    separate()
times = []
for _ in range(40):
    start = time.perf_counter()
    separate()
    times.append(time.perf_counter() - start)
print(json.dumps({'separate_ms': sorted(times)[20] * 1e3}))
