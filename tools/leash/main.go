// leash runs a command that ends when the process that started it ends, however that ends (SIGKILL included).
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: leash command [arguments]")
		os.Exit(2)
	}
	// The wish to be signalled belongs to the thread, and survives exec.
	runtime.LockOSThread()
	parent := os.Getppid()
	if _, _, err := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0); err != 0 {
		fmt.Fprintln(os.Stderr, "leash:", err)
		os.Exit(1)
	}
	if os.Getppid() != parent {
		os.Exit(1) // the parent ended before the wish was made
	}
	path, err := exec.LookPath(os.Args[1])
	if err == nil {
		err = syscall.Exec(path, os.Args[1:], os.Environ())
	}
	fmt.Fprintln(os.Stderr, "leash:", err)
	os.Exit(127)
}
