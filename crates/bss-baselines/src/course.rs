//! How the iterations of a method went.

/// What each iteration still changed, and whether that came to an end.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// One number an iteration, in the measure that the method stops by; it falls to that method's tolerance.
    pub changes: Vec<f64>,
    /// Whether the last of them is below the tolerance.
    pub is_converged: bool,
}

impl Course {
    /// At most `most` iterations: each gives what it changed, and the first at or below `tolerance` is the last.
    pub(crate) fn run(most: usize, tolerance: f64, mut iteration: impl FnMut(usize) -> f64) -> Self {
        let mut course = Self { changes: Vec::new(), is_converged: false };
        while course.changes.len() < most && !course.is_converged {
            let change = iteration(course.changes.len());
            course.changes.push(change);
            course.is_converged = change <= tolerance;
        }
        course
    }
}
