//! The choices among settings, with the names they go by.

use crate::named::named;

named! {
    /// A model or baseline; [`crate::catalogue`] says more about each.
    enum Model {
        /// The AR-Flow VAE.
        ArFlow = "ar-flow",
        /// The VAE of Neri et al.
        Neri = "neri",
        /// FastICA.
        FastIca = "fastica",
        /// Picard-O.
        Picard = "picard",
        /// SOBI.
        Sobi = "sobi",
        /// JADE.
        Jade = "jade",
        /// Non-negative matrix factorisation.
        Nmf = "nmf",
        /// A plain auto-encoder.
        Ae = "ae",
        /// Mixture-invariant training.
        MixIt = "mixit",
        /// Generative latent optimisation.
        Glo = "glo",
    }
}

named! {
    /// What a model of datasets sees of an example.
    enum FrontEnd {
        /// Its values, from 0 to 1.
        None = "none",
        /// The magnitudes of its short-time Fourier transform.
        Stft = "stft",
    }
}

named! {
    /// Of sound, what adds up in a mixture or is shared out by masks.
    enum Amount {
        /// Magnitudes: the paper's.
        Magnitudes = "magnitudes",
        /// Energies.
        Energies = "energies",
    }
}

named! {
    /// What happens to channels before the encoder sees them.
    enum Whitening {
        /// Centred, decorrelated and brought to unit variance by principal components.
        Pca = "pca",
        /// Centred only.
        None = "none",
    }
}

named! {
    /// The encoder's map.
    enum Encoder {
        /// A matrix.
        Linear = "linear",
        /// A matrix after an increasing function of each channel.
        PostNonlinear = "post-nonlinear",
        /// A matrix after an increasing function of each of some combinations of the channels.
        TwoLayer = "two-layer",
        /// A matrix and what a network with hidden layers adds to it.
        Mlp = "mlp",
    }
}

named! {
    /// The decoder's map.
    enum Decoder {
        /// `tied` where the encoder has a square matrix and no network, else of the encoder's kind.
        Auto = "auto",
        /// The inverse of the encoder's matrix.
        Tied = "tied",
        /// A matrix of its own.
        Linear = "linear",
        /// A network with hidden layers.
        Mlp = "mlp",
    }
}

named! {
    /// What follows each hidden layer.
    enum Activation {
        /// tanh(x).
        Tanh = "tanh",
        /// max(0, x).
        Relu = "relu",
        /// max(0.1 x, x).
        LeakyRelu = "leaky-relu",
        /// x / (1 + exp(−x)).
        Silu = "silu",
    }
}

named! {
    /// The prior of a source.
    enum Prior {
        /// Independent standard normal samples.
        Gaussian = "gaussian",
        /// A linear autoregression.
        Ar = "ar",
        /// An autoregression whose innovations pass through a recurrent flow.
        ArFlow = "ar-flow",
    }
}

named! {
    /// The density of the noise that drives a source.
    enum Base {
        /// Standard normal, as in the paper.
        Gaussian = "gaussian",
        /// A mixture of Gaussians that is learned.
        Mixture = "mixture",
    }
}

named! {
    /// How the learning rate of a model of datasets falls.
    enum Decay {
        /// By half a cosine to its end.
        Cosine = "cosine",
        /// By the same share each epoch.
        Exponential = "exponential",
    }
}

named! {
    /// What a factorisation makes small.
    enum Divergence {
        /// Half the squared distance.
        Frobenius = "frobenius",
        /// That of Kullback and Leibler.
        KullbackLeibler = "kl",
    }
}

named! {
    /// FastICA's measure of how far a source is from Gaussian.
    enum Nonlinearity {
        /// log cosh u.
        LogCosh = "logcosh",
        /// u⁴/4.
        Cube = "cube",
        /// −exp(−u²/2).
        Exp = "exp",
    }
}
