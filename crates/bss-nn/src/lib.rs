//! Building blocks on candle: seeded noise, named parameters, batched linear maps, Adam.
