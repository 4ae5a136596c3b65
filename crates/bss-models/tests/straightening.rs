//! Straightening: the identity at first, its volume that of its Jacobian, and what it is there for.

use bss_models::{Frame, Straightening, Whitening};
use bss_nn::{Initialiser, KNOTS, Noise, Parameters, Purpose};
use candle_core::{DType, Device, Result, Tensor};
use ndarray::{Array2, Axis};

const WIDTH: usize = 3;

fn random(stream: u64, dims: &[usize]) -> Result<Tensor> {
    let values: Vec<f64> = Noise::new(3).normal(Purpose::Sample, 0, stream, dims.iter().product());
    Tensor::from_vec(values, dims, &Device::Cpu)
}

fn frames() -> [Frame; 2] {
    let channels = ndarray::array![[0.9, 0.1, -0.3], [0.4, 0.8, 0.2], [0.1, -0.6, 0.9]];
    [Frame::Fixed(channels), Frame::Learned]
}

/// As it starts, and with slopes of all sizes.
fn both(frame: &Frame, restarts: usize) -> Result<[Straightening; 2]> {
    let straightening = || {
        let mut parameters = Parameters::new(restarts, DType::F64, &Device::Cpu);
        let straightening = Straightening::new(frame, WIDTH, &mut Initialiser::new(&mut parameters, Noise::new(1)))?;
        Ok::<_, candle_core::Error>((straightening, parameters))
    };
    let ((start, _), (bent, parameters)) = (straightening()?, straightening()?);
    for (name, var) in parameters.iter().filter(|(name, _)| *name == "log_slopes") {
        assert_eq!(var.dims(), [restarts, WIDTH, KNOTS], "{name}");
        var.set(&random(7, var.dims())?)?;
    }
    Ok([start, bent])
}

#[test]
fn it_starts_as_the_identity() -> Result<()> {
    for frame in frames() {
        let [start, bent] = both(&frame, 2)?;
        let z = random(0, &[2, 40, WIDTH])?;
        let gap = |s: &Straightening| (s.forward(&z)?.0 - &z)?.abs()?.max_all()?.to_scalar::<f64>();
        assert!(gap(&start)? < 1e-12 && gap(&bent)? > 0.1);
        assert!(start.forward(&z)?.1.to_vec1::<f64>()?.iter().all(|volume| volume.abs() < 1e-12));
    }
    Ok(())
}

/// Against central differences along every axis, for a sample at a time.
#[test]
fn its_volume_is_that_of_its_jacobian() -> Result<()> {
    const STEP: f64 = 1e-6;
    for frame in frames() {
        let [_, bent] = both(&frame, 1)?;
        for stream in 0..5 {
            let z = random(stream, &[1, 1, WIDTH])?;
            let at = |axis: usize, step: f64| -> Result<Vec<f64>> {
                let mut moved: Vec<f64> = z.flatten_all()?.to_vec1()?;
                moved[axis] += step;
                bent.forward(&Tensor::from_vec(moved, (1, 1, WIDTH), &Device::Cpu)?)?.0.flatten_all()?.to_vec1()
            };
            let mut jacobian = nalgebra::DMatrix::<f64>::zeros(WIDTH, WIDTH);
            for axis in 0..WIDTH {
                let (up, down) = (at(axis, STEP)?, at(axis, -STEP)?);
                for (c, (up, down)) in up.iter().zip(&down).enumerate() {
                    jacobian[(axis, c)] = (up - down) / (2.0 * STEP);
                }
            }
            let volume = bent.forward(&z)?.1.to_vec1::<f64>()?[0];
            let expected = jacobian.determinant().abs().ln();
            assert!((volume - expected).abs() < 1e-6, "{volume} against {expected}");
        }
    }
    Ok(())
}

#[test]
fn the_frame_of_the_channels_gives_them_back_at_unit_variance() {
    let x = Array2::from_shape_fn((200, WIDTH), |(r, c)| {
        10f64.powi(c as i32) * ((0.3 + 0.2 * c as f64) * r as f64).sin() + (0.1 * r as f64).cos() + 4.0
    });
    let whitening = Whitening::fit(x.view(), WIDTH).unwrap();
    let Frame::Fixed(frame) = Frame::of_channels(&whitening) else { panic!("the frame is fixed") };
    let channels = whitening.apply(x.view()).unwrap().dot(&frame);
    let expected = (&x - &x.mean_axis(Axis(0)).unwrap()) / &x.std_axis(Axis(0), 0.0);
    assert!((channels - expected).iter().all(|gap| gap.abs() < 1e-9));
}

#[test]
fn a_frame_of_another_shape_is_an_error() {
    let mut parameters = Parameters::new(1, DType::F64, &Device::Cpu);
    let mut init = Initialiser::new(&mut parameters, Noise::new(1));
    let error = Straightening::new(&Frame::Fixed(Array2::eye(2)), WIDTH, &mut init).unwrap_err().to_string();
    assert!(error.contains("(2, 2)") && error.contains("3 components"), "{error}");
}
