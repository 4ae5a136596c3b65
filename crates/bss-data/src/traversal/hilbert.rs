//! A Hilbert curve through a rectangle of any size.
//!
//! After J. Červený's *gilbert*: a rectangle is cut in two along its longer side where it is long, and else in three,
//! a turn up, the way across and a turn down, as Hilbert's square is. Halves are rounded to even lengths, which keeps
//! the ends of neighbouring parts side by side.

/// A step along one axis, or several of them: (rows, columns), one of which is zero.
type Vector = (isize, isize);

/// The pixels of an image as [row, column], in the order of the curve.
pub(super) fn pixels(height: usize, width: usize) -> Vec<[usize; 2]> {
    let mut pixels = Vec::with_capacity(height * width);
    let (down, across) = ((height as isize, 0), (0, width as isize));
    let (along, aside) = if width >= height { (across, down) } else { (down, across) };
    if height > 0 && width > 0 {
        visit(&mut pixels, (0, 0), along, aside);
    }
    pixels
}

/// Visits the rectangle that has a corner at `at` and the sides `along`, at whose end the curve leaves, and `aside`.
fn visit(pixels: &mut Vec<[usize; 2]>, at: Vector, along: Vector, aside: Vector) {
    let (length, breadth) = (norm(along), norm(aside));
    if length == 1 || breadth == 1 {
        let step = direction(if breadth == 1 { along } else { aside });
        let place = |steps: isize| add(at, (steps * step.0, steps * step.1));
        pixels.extend((0..length.max(breadth)).map(place).map(|(row, column)| [row as usize, column as usize]));
        return;
    }
    if 2 * length > 3 * breadth {
        let half = half(along);
        visit(pixels, at, half, aside);
        visit(pixels, add(at, half), sub(along, half), aside);
        return;
    }
    let (up, across) = (half(aside), floor_half(along));
    visit(pixels, at, up, across);
    visit(pixels, add(at, up), along, sub(aside, up));
    let last = sub(add(at, add(along, up)), add(direction(along), direction(aside)));
    visit(pixels, last, negative(up), negative(sub(along, across)));
}

/// Half of a side, rounded to an even length where the side is longer than two.
fn half(side: Vector) -> Vector {
    let half = floor_half(side);
    if norm(half) % 2 == 1 && norm(side) > 2 { add(half, direction(side)) } else { half }
}

/// Half of a side, rounded towards the top left.
fn floor_half(side: Vector) -> Vector {
    (side.0.div_euclid(2), side.1.div_euclid(2))
}

fn norm(side: Vector) -> isize {
    (side.0 + side.1).abs()
}

fn direction(side: Vector) -> Vector {
    (side.0.signum(), side.1.signum())
}

fn add(a: Vector, b: Vector) -> Vector {
    (a.0 + b.0, a.1 + b.1)
}

fn sub(a: Vector, b: Vector) -> Vector {
    (a.0 - b.0, a.1 - b.1)
}

fn negative(a: Vector) -> Vector {
    (-a.0, -a.1)
}
