//! Every file format in and out, synthetic sources and mixing.
