//! Scores of a separation after optimal matching.
