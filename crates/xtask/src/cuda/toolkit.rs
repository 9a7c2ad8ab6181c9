//! NVIDIA's compiler from the wheels on `PyPI`: no installation, no root access, 165 MB.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::process::{must, say};

/// A file on files.pythonhosted.org.
struct Wheel {
    path: &'static str,
    name: &'static str,
    sha256: &'static str,
}

/// CUDA 13.0: its PTX runs on driver 580 and newer, that of a later compiler would not.
const WHEELS: [Wheel; 5] = [
    Wheel {
        path: "71/8b/a546c12881fffeba927d810598987df25d74b8b241788c7db8dfc93b0173",
        name: "nvidia_cuda_nvcc-13.0.88-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        sha256: "56fe502eb77625a12f25172caa3cdddb4e4c8ba2c8c17dba44b164761b380f03",
    },
    Wheel {
        path: "15/b0/ee41e6d1108d959b5097163e7190c2d0f7857dea75606ce358f0275891b4",
        name: "nvidia_nvvm-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl",
        sha256: "c5f41ffeb6466944a026dfa5317d7d85355c119bbec279205d22f1869d1054e0",
    },
    Wheel {
        path: "05/69/a1ec4d9f0747d85964206feb47bf359f48a2d6af74c0add8abba6efe3dda",
        name: "nvidia_cuda_crt-13.0.88-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        sha256: "2c8043c7c9e02492716426e9919fc78d2c5b3b2a7a768a88e952676b08aa55a4",
    },
    Wheel {
        path: "2e/24/d1558f3b68b1d26e706813b1d10aa1d785e4698c425af8db8edc3dced472",
        name: "nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
    },
    Wheel {
        path: "ab/fb/0384bb2129bed6b1b39f8e44471c615ab5ab29b7e55817538a1d390d8f84",
        name: "nvidia_cuda_cccl-13.0.85-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        sha256: "e0da7ad981f3a8aff08241b5bfc1af868742a63e2762f53a5171c492ef242649",
    },
];

/// An unpacked toolkit.
pub(super) struct Toolkit {
    home: PathBuf,
}

impl Toolkit {
    /// Returns the toolkit in `directory`, downloading it if necessary.
    pub(super) fn fetch(directory: &Path) -> Result<Self> {
        let home = directory.join("toolkit/nvidia/cu13");
        let done = directory.join("toolkit/done");
        if done.exists() {
            return Ok(Self { home });
        }
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            bail!(
                "the pinned compiler is for Linux on x86-64; elsewhere install CUDA 13.0 and see docs/gpu.md"
            );
        }
        let wheels = directory.join("wheels");
        let unpacked = directory.join("toolkit");
        for folder in [&wheels, &unpacked] {
            fs::create_dir_all(folder).with_context(|| format!("failed to make `{}`", folder.display()))?;
        }
        for wheel in &WHEELS {
            let file = wheels.join(wheel.name);
            if !file.exists() {
                download(wheel, &file)?;
            }
            must(Command::new("unzip").args(["-q", "-o"]).arg(&file).arg("-d").arg(&unpacked))
                .context("failed to run `unzip`: install it")?;
        }
        // Wheels do not preserve the executable bit.
        must(Command::new("chmod").args(["-R", "u+x"]).arg(home.join("bin")).arg(home.join("nvvm/bin")))?;
        fs::write(&done, "").with_context(|| format!("failed to write `{}`", done.display()))?;
        Ok(Self { home })
    }

    /// Sets up `command` to find the compiler.
    pub(super) fn enter(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut paths = vec![self.home.join("bin")];
        paths.extend(std::env::split_paths(&path));
        if let Ok(paths) = std::env::join_paths(paths) {
            command.env("PATH", paths);
        }
        command.env("CUDA_HOME", &self.home).env("NVCC", self.home.join("bin/nvcc"));
    }
}

/// Downloads a wheel and verifies its hash before giving it its final name.
fn download(wheel: &Wheel, file: &Path) -> Result<()> {
    let part = file.with_extension("part");
    let address = format!("https://files.pythonhosted.org/packages/{}/{}", wheel.path, wheel.name);
    say(&format!("fetching {address}"));
    must(Command::new("curl").args(["-fsSL", "--retry", "3", "-o"]).arg(&part).arg(&address))
        .context("failed to run `curl`: install it")?;
    let bytes = fs::read(&part).with_context(|| format!("failed to read `{}`", part.display()))?;
    let sha256 = hexadecimal(&Sha256::digest(&bytes));
    if sha256 != wheel.sha256 {
        bail!("{address} has the SHA-256 {sha256}, not the pinned {}; it was not used", wheel.sha256);
    }
    fs::rename(&part, file).with_context(|| format!("failed to rename to `{}`", file.display()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    #[test]
    fn formats_a_hash_like_other_tools() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(super::hexadecimal(&Sha256::digest([])), empty);
    }
}
