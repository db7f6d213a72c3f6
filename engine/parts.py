"""Rules that are only ever parts of kernels, compiled no further than a kernel needs them.

Numba optimises every function to the end, with all that it calls, and makes machine code of it; of
a rule four calls below a kernel that is done five times, and all but the last thrown away. Here a
part stops where its own code is written down, and the kernel is optimised once, as a whole.
"""

from __future__ import annotations

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder


class _Draft(JITCodeLibrary):
    """Code that waits for the kernel that it becomes part of."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True


class PartCompiler(CompilerBase):
    """Everything up to LLVM's code; for `njit(pipeline_class=...)`."""

    def define_pipelines(self) -> list[Any]:
        state: Any = self.state
        state.flags.no_compile = True
        state.library = _Draft(state.targetctx.codegen(), state.func_id.func_qualname)
        return [DefaultPassBuilder.define_nopython_pipeline(state)]


def known(build: Any) -> Any:
    """The build (a `CompileResult`) of a part under a key by which callers find it."""

    def key() -> None:  # stands where Numba keeps what Python would call
        raise NotImplementedError

    build.target_context.insert_user_function(key, build.fndesc, [build.library])
    return build._replace(entry_point=key)


def furnish(build: Any) -> Any:
    """The build of a kernel, when its parts have what Python objects they mention (`print` does)."""
    for environment in build._find_referenced_environments():
        build.library.codegen.set_env(environment.env_name, environment)
    return build
