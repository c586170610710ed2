// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A token with the ways in which tokens differ.
contract Token {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    /// Kept back of each transfer, in hundredths.
    uint256 public feePercent;

    error TooLittle();

    constructor(uint256 feePercent_) {
        feePercent = feePercent_;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external virtual returns (bool) {
        _move(from, to, amount);
        return true;
    }

    function _move(address from, address to, uint256 amount) internal {
        if (allowance[from][msg.sender] < amount || balanceOf[from] < amount) revert TooLittle();
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount - amount * feePercent / 100;
    }
}

/// Says no instead of reverting.
contract FalseToken is Token(0) {
    function transferFrom(address, address, uint256) external pure override returns (bool) {
        return false;
    }
}

/// Moves but says nothing, as old tokens do.
contract SilentToken {
    mapping(address => uint256) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}
