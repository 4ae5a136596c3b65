//! The sets: which files each consists of, and where they may be had.
//!
//! Sizes and SHA-256 of packed files are those that TensorFlow Datasets publishes
//! (`tensorflow_datasets/url_checksums/*.txt`); the packed files have the MD5 that torchvision lists
//! (`torchvision/datasets/mnist.py`). Of the unpacked files, only MNIST's are known.

use clap::ValueEnum;

/// A file as it was published.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: u64,
    pub(super) sha256: &'a str,
}

/// A part of a set, in the forms in which it may be at hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    /// As the mirrors have it.
    pub(super) packed: File<'a>,
    /// Unpacked, where its checksum is known.
    pub(super) plain: Option<File<'a>>,
}

impl<'a> Member<'a> {
    /// The forms, as published first.
    pub(super) fn forms(&self) -> impl Iterator<Item = File<'a>> {
        [Some(self.packed), self.plain].into_iter().flatten()
    }
}

/// A set of files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set<'a> {
    pub(super) members: &'a [Member<'a>],
    /// Addresses that a file's name is appended to, after a slash, in the order in which they are tried.
    pub(super) mirrors: &'a [&'a str],
}

/// The sets, by what they are called on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// Handwritten digits (LeCun, Cortes, Burges)
    Mnist,
    /// Articles of clothing (Zalando Research)
    FashionMnist,
    /// Handwritten Japanese characters (ROIS-DS CODH)
    Kmnist,
    /// Single notes of many instruments, played from a soundfont
    Instruments,
}

impl Name {
    /// As it is typed, and as the folder is called.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
            Self::Kmnist => "kmnist",
            Self::Instruments => "instruments",
        }
    }

    /// What the set consists of, of one that is fetched. The training images come first.
    pub(super) const fn set(self) -> Option<Set<'static>> {
        match self {
            Self::Mnist => Some(MNIST),
            Self::FashionMnist => Some(FASHION_MNIST),
            Self::Kmnist => Some(KMNIST),
            Self::Instruments => None,
        }
    }
}

const MNIST: Set<'static> = Set {
    mirrors: &[
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
        "http://yann.lecun.com/exdb/mnist",
    ],
    members: &[
        Member {
            packed: File {
                name: "train-images-idx3-ubyte.gz",
                bytes: 9_912_422,
                sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            },
            plain: Some(File {
                name: "train-images-idx3-ubyte",
                bytes: 47_040_016,
                sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            }),
        },
        Member {
            packed: File {
                name: "train-labels-idx1-ubyte.gz",
                bytes: 28_881,
                sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            },
            plain: Some(File {
                name: "train-labels-idx1-ubyte",
                bytes: 60_008,
                sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            }),
        },
        Member {
            packed: File {
                name: "t10k-images-idx3-ubyte.gz",
                bytes: 1_648_877,
                sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            },
            plain: Some(File {
                name: "t10k-images-idx3-ubyte",
                bytes: 7_840_016,
                sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            }),
        },
        Member {
            packed: File {
                name: "t10k-labels-idx1-ubyte.gz",
                bytes: 4_542,
                sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            },
            plain: Some(File {
                name: "t10k-labels-idx1-ubyte",
                bytes: 10_008,
                sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            }),
        },
    ],
};

const FASHION_MNIST: Set<'static> = Set {
    mirrors: &[
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    ],
    members: &[
        packed(
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        packed(
            "train-labels-idx1-ubyte.gz",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        packed(
            "t10k-images-idx3-ubyte.gz",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        packed("t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ],
};

const KMNIST: Set<'static> = Set {
    mirrors: &["https://codh.rois.ac.jp/kmnist/dataset/kmnist", "http://codh.rois.ac.jp/kmnist/dataset/kmnist"],
    members: &[
        packed(
            "train-images-idx3-ubyte.gz",
            18_165_135,
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
        ),
        packed(
            "train-labels-idx1-ubyte.gz",
            29_497,
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
        ),
        packed(
            "t10k-images-idx3-ubyte.gz",
            3_041_136,
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
        ),
        packed("t10k-labels-idx1-ubyte.gz", 5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
    ],
};

/// A member that is known as the mirrors have it, and no other way.
const fn packed(name: &'static str, bytes: u64, sha256: &'static str) -> Member<'static> {
    Member { packed: File { name, bytes, sha256 }, plain: None }
}
