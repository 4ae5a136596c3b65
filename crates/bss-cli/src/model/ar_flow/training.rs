//! From a plan and a recording to a trainer, and from that to the model of one restart.

use anyhow::{Result, ensure};
use bss_models::{ArFlowObjective, ArFlowVae, PriorConfig, Whitening};
use bss_train::Trainer;
use candle_core::{Device, Tensor};
use ndarray::ArrayView2;

use super::Plan;

impl Plan {
    /// At the first iteration of so many restarts on a recording (samples, channels).
    ///
    /// # Errors
    /// A recording that is too short for the prior, or whose values do not survive whitening.
    pub(crate) fn trainer(
        &self,
        x: ArrayView2<f64>,
        whitening: &Whitening,
        restarts: usize,
        device: &Device,
    ) -> Result<Trainer<ArFlowObjective>> {
        if let PriorConfig::ArFlow(prior) = &self.vae.prior {
            let (samples, order) = (x.nrows(), prior.order);
            ensure!(order < samples, "prior.order is {order}, expected less than the {samples} samples there are");
        }
        let model = self.model(restarts, device)?;
        let z = whitening.apply(x)?;
        ensure!(z.iter().all(|v| v.is_finite()), "values are too large or too small to be whitened; rescale them");
        let z = Tensor::from_vec(z.iter().copied().collect::<Vec<f64>>(), z.dim(), &Device::Cpu)?;
        let objective = ArFlowObjective::new(model, &z, self.noise)?;
        Ok(Trainer::new(objective, self.adam, self.schedule)?)
    }

    /// The model of one restart.
    ///
    /// # Errors
    /// If the device refuses the tensors.
    pub(crate) fn restart(
        &self,
        trainer: &Trainer<ArFlowObjective>,
        restart: usize,
        device: &Device,
    ) -> Result<ArFlowVae> {
        let model = self.model(1, device)?;
        model.parameters().assign(&trainer.objective.model.parameters().restart(restart)?)?;
        Ok(model)
    }
}
