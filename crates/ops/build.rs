//! With the feature `cuda`, compiles the kernels in `cuda/` to PTX, the portable assembly that the driver
//! compiles further.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCES: [&str; 3] = ["alignment", "pointwise", "signal"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_CUDA").is_none() {
        return;
    }
    println!("cargo::rerun-if-changed=cuda");
    for name in ["NVCC", "CUDA_HOME", "CUDA_COMPUTE_CAP", "PATH"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let compiler = env::var_os("NVCC").map_or_else(
        || env::var_os("CUDA_HOME").map_or_else(|| "nvcc".into(), |home| Path::new(&home).join("bin/nvcc")),
        PathBuf::from,
    );
    let capability = env::var("CUDA_COMPUTE_CAP").unwrap_or_else(|_| "80".to_owned());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets `OUT_DIR`"));
    for source in SOURCES {
        let status = Command::new(&compiler)
            .args(["--ptx", "-O3", "-std=c++17"])
            .arg(format!("-arch=compute_{capability}"))
            .arg(format!("cuda/{source}.cu"))
            .arg("-o")
            .arg(out.join(format!("{source}.ptx")))
            .status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => panic!("`{}` {status} on cuda/{source}.cu", compiler.display()),
            Err(error) => panic!(
                "the feature `cuda` needs the CUDA compiler `{}`: {error}; `cargo xtask cuda build` fetches one (docs/gpu.md)",
                compiler.display()
            ),
        }
    }
}
