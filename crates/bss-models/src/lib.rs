//! Encoders, decoders, likelihoods, the ELBO and the models built of them.
